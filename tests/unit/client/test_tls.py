import os
import ssl
from pathlib import Path

import pytest
from authority import Authority

from hauberk.client.errors import Misconfigured
from hauberk.client.tls import present, trusting


def test_a_file_and_a_text_are_trusted_and_nobody_else(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "ca.crt").write_bytes(authority.pem)
    for given in (tmp_path / "ca.crt", authority.pem.decode()):
        context = trusting(given)
        assert len(context.get_ca_certs()) == 1
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname


def test_no_verification_is_only_what_was_asked_for(authority: Authority) -> None:
    context = trusting(authority.pem.decode(), verify=False)
    assert context.verify_mode == ssl.CERT_NONE
    assert not context.check_hostname


def test_an_unreadable_authority_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("nonsense")
    for given, name in ((tmp_path / "ca.crt", "ca.crt"), ("nonsense", "certificate-authority-data")):
        with pytest.raises(Misconfigured, match=f"{name} is not a readable certificate"):
            trusting(given)
    with pytest.raises(Misconfigured, match="missing is not a readable certificate"):
        trusting(tmp_path / "missing")


def test_a_clients_certificate_leaves_nothing_open(authority: Authority) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - names are enough
    context = trusting(None)
    present(context, *authority.pair("alice"), where="alice")
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208


@pytest.mark.parametrize("wrong", ["other", "protected", "nonsense"])
def test_a_key_that_does_not_fit_is_said_and_never_asked_for_on_the_terminal(authority: Authority, wrong: str) -> None:
    certificate, key = authority.pair("alice", password=b"secret" if wrong == "protected" else b"")
    if wrong == "other":
        key = authority.pair("bob")[1]
    if wrong == "nonsense":
        key = b"nonsense"
    with pytest.raises(Misconfigured, match="the files are not a certificate and its key, in PEM and without a pass"):
        present(trusting(None), certificate, key, where="the files")
