"""Roots, issuers and leaves over the years."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from signing_requests import WEB, csr_for

from hauberk.identity.ca import CertificateAuthority, OwnIssuers
from hauberk.identity.certificate import make_issuer, make_root, validity
from hauberk.identity.given import GivenIssuers, IssuerFiles
from hauberk.identity.keeping import AuthorityUnusable, keep, pem_of
from hauberk.identity.protocol import Declined, Describe, Described, Sign, Signed, Unable
from hauberk.identity.renewal import Lifetimes

NOW = datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
DAY = timedelta(days=1)
LIFETIMES = Lifetimes(leaf=DAY, issuer=365 * DAY, root=3650 * DAY, skew=timedelta(seconds=20), renew_at=0.7)
NAME = "identity.hauberk.cluster.local"
SPIFFE = "spiffe://cluster.local/ns/default/sa/web"


def authority(directory: Path, *, now: datetime = NOW, lifetimes: Lifetimes = LIFETIMES) -> CertificateAuthority:
    return CertificateAuthority(OwnIssuers(directory, NAME, lifetimes, now=now), lifetimes)


def signed(ca: CertificateAuthority, *, now: datetime = NOW, key: ec.EllipticCurvePrivateKey | None = None) -> Signed:
    answer = ca.answer(Sign(WEB, SPIFFE, csr_for(WEB, key=key)), now=now)
    assert isinstance(answer, Signed)
    return answer


def roots(ca: CertificateAuthority, *, now: datetime = NOW) -> list[x509.Certificate]:
    answer = ca.answer(Describe(), now=now)
    assert isinstance(answer, Described)
    return x509.load_pem_x509_certificates(answer.trust_anchors.encode())


def chain(answer: Signed) -> tuple[x509.Certificate, x509.Certificate]:
    (intermediate,) = answer.intermediates
    return x509.load_der_x509_certificate(answer.leaf), x509.load_der_x509_certificate(intermediate)


def test_a_leaf_is_what_proxies_expect(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    key = ec.generate_private_key(ec.SECP256R1())
    answer = signed(ca, key=key)
    leaf, issuer = chain(answer)
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(roots(ca)[0])
    assert leaf.public_key() == key.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(names.value) == [x509.DNSName(WEB), x509.UniformResourceIdentifier(SPIFFE)]
    assert names.critical
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    whole = NOW.replace(microsecond=0)
    assert leaf.not_valid_before_utc == whole - timedelta(seconds=20)
    assert leaf.not_valid_after_utc == answer.valid_until == whole + DAY


def test_the_key_files_are_their_owners_only_and_last(tmp_path: Path) -> None:
    first = authority(tmp_path / "authority")
    before = roots(first)
    issuer = chain(signed(first))[1]
    for name in ("root", "issuer"):
        assert (tmp_path / "authority" / f"{name}.key").stat().st_mode & 0o777 == 0o600
    again = authority(tmp_path / "authority", now=NOW + DAY)
    assert roots(again) == before
    assert chain(signed(again))[1] == issuer


def test_keys_that_a_restore_laid_open_are_closed_again(tmp_path: Path) -> None:
    signed(authority(tmp_path))
    keys = [tmp_path / "root.key", tmp_path / "issuer.key"]
    for key in keys:
        key.chmod(0o644)
    authority(tmp_path)
    assert [key.stat().st_mode & 0o777 for key in keys] == [0o600, 0o600]


def test_the_issuer_is_replaced_at_seventy_percent_of_its_life_under_the_same_root(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    first = chain(signed(ca))[1]
    due = first.not_valid_before_utc + (first.not_valid_after_utc - first.not_valid_before_utc) * 0.7
    assert chain(signed(ca, now=due - timedelta(seconds=1)))[1] == first
    second = chain(signed(ca, now=due))[1]
    assert second != first
    second.verify_directly_issued_by(roots(ca)[0])
    assert chain(signed(authority(tmp_path, now=due), now=due))[1] == second


def test_no_leaf_outlives_its_issuer_and_no_issuer_its_root(tmp_path: Path) -> None:
    short = replace(LIFETIMES, leaf=DAY, issuer=2 * DAY, root=3 * DAY)
    ca = authority(tmp_path, lifetimes=short)
    end = roots(ca)[0].not_valid_after_utc
    late = end - timedelta(hours=2)
    answer = signed(ca, now=late)
    assert chain(answer)[1].not_valid_after_utc == end
    assert answer.valid_until == end
    answer = ca.answer(Sign(WEB, SPIFFE, csr_for(WEB)), now=end)
    assert isinstance(answer, Unable)
    assert "root expired" in answer.reason


def test_a_wrong_request_is_declined_by_the_authority_itself(tmp_path: Path) -> None:
    answer = authority(tmp_path).answer(Sign(WEB, SPIFFE, csr_for("api")), now=NOW)
    assert isinstance(answer, Declined)


def test_a_lost_issuer_is_made_anew_and_a_lost_root_key_is_not(tmp_path: Path) -> None:
    before = roots(authority(tmp_path))
    signed(authority(tmp_path))
    (tmp_path / "issuer.key").write_text("nothing")
    ca = authority(tmp_path)
    chain(signed(ca))[1].verify_directly_issued_by(before[0])
    (tmp_path / "root.key").unlink()
    with pytest.raises(AuthorityUnusable, match=r"root\.key"):
        authority(tmp_path)
    keep(make_root("another", validity(NOW, DAY, skew=DAY)), tmp_path / "other", "root")
    (tmp_path / "root.key").write_bytes((tmp_path / "other" / "root.key").read_bytes())
    with pytest.raises(AuthorityUnusable, match="one backup"):
        authority(tmp_path)


def given(directory: Path, *, days: int) -> IssuerFiles:
    valid = validity(NOW, days * DAY, skew=timedelta())
    root = make_root("own root", valid)
    keep(make_issuer("own issuer", valid, root), directory, "issuer")
    (directory / "ca.crt").write_text(pem_of(root.certificate))
    return IssuerFiles(directory / "ca.crt", directory / "issuer.crt", directory / "issuer.key")


def test_a_given_issuer_signs_until_it_expires_and_is_read_again_when_replaced(tmp_path: Path) -> None:
    files = given(tmp_path, days=2)
    ca = CertificateAuthority(GivenIssuers(files), LIFETIMES)
    leaf, issuer = chain(signed(ca))
    leaf.verify_directly_issued_by(issuer)
    assert issuer.subject.rfc4514_string() == "CN=own issuer"
    late = NOW + 2 * DAY
    assert isinstance(ca.answer(Sign(WEB, SPIFFE, csr_for(WEB)), now=late), Unable)
    files.key.write_text("half a file")
    assert chain(signed(ca))[1] == issuer
    given(tmp_path, days=20)
    chain(signed(ca, now=late))[1].verify_directly_issued_by(roots(ca, now=late)[0])


@pytest.mark.parametrize("wrong", ["key", "root", "leaf"])
def test_given_files_that_do_not_belong_together_are_refused(tmp_path: Path, wrong: str) -> None:
    files, other = given(tmp_path / "one", days=2), given(tmp_path / "two", days=2)
    match wrong:
        case "key":
            files = replace(files, key=other.key)
        case "root":
            files = replace(files, trust_anchors=other.trust_anchors)
        case _:
            key = ec.generate_private_key(ec.SECP256R1())
            leaf = signed(CertificateAuthority(GivenIssuers(files), LIFETIMES), key=key).leaf
            files.certificate.write_text(pem_of(x509.load_der_x509_certificate(leaf)))
    with pytest.raises(AuthorityUnusable):
        GivenIssuers(files)
