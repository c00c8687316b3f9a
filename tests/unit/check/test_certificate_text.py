from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hauberk.check.certificate import NotACertificate, from_der, from_pem
from hauberk.identity.certificate import make_issuer, make_leaf, make_root, validity

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ID = "web.default.serviceaccount.identity.hauberk.cluster.local"
SPIFFE = "spiffe://cluster.local/ns/default/sa/web"


def test_a_workloads_certificate_tells_both_its_names_and_its_life() -> None:
    valid = validity(NOW, timedelta(hours=24), skew=timedelta())
    root = make_root("root", valid)
    issuer = make_issuer("issuer", valid, root)
    leaf = make_leaf(root.key.public_key(), identity=ID, spiffe=SPIFFE, valid=valid, issuer=issuer)
    shown = from_der(leaf.public_bytes(Encoding.DER))
    assert (shown.dns_names, shown.uris) == ((ID,), (SPIFFE,))
    assert (shown.issuer, shown.key) == ("CN=issuer", "secp256r1")
    assert (shown.not_before, shown.not_after) == (NOW, NOW + timedelta(hours=24))
    assert shown.valid_at(NOW)
    assert not shown.valid_at(NOW + timedelta(hours=25))
    (found,) = from_pem(root.certificate.public_bytes(Encoding.PEM).decode())
    assert found.subject == "CN=root"
    assert found.dns_names == ()


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(NotACertificate):
        from_der(b"nonsense")
    with pytest.raises(NotACertificate):
        from_pem("nonsense")
