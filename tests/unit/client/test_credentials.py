import os
import ssl
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from authority import Authority
from kubeconfigs import simple

from hauberk.client.endpoint import TcpEndpoint
from hauberk.client.errors import Misconfigured
from hauberk.client.kubeconfig import locate_cluster


def endpoint(path: Path) -> TcpEndpoint:
    return locate_cluster(environ={"KUBECONFIG": str(path)}).endpoint


def data(raw: bytes) -> str:
    return b64encode(raw).decode()


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path, authority: Authority) -> None:
    certificate, key = authority.pair("alice")
    for name, content in (("ca.crt", authority.pem), ("a.crt", certificate), ("a.key", key), ("token", b"abc")):
        (tmp_path / name).write_bytes(content)
    found = endpoint(
        simple(
            tmp_path / "config",
            cluster={"certificate-authority": "ca.crt"},
            user={"client-certificate": "a.crt", "client-key": "a.key", "tokenFile": "token"},
        )
    )
    assert found.tls is not None
    assert len(found.tls.get_ca_certs()) == 1
    assert found.token is not None
    assert found.token() == "abc"


def test_data_is_taken_and_written_nowhere(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    certificate, key = authority.pair("alice")
    cluster = {"certificate-authority-data": data(authority.pem)}
    user = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    path = simple(tmp_path / "config", cluster=cluster, user=user)
    assert endpoint(path).tls is not None
    assert os.listdir(tmp_path) == ["config"]  # noqa: PTH208


def test_a_machine_that_is_not_to_be_verified_is_not(tmp_path: Path) -> None:
    found = endpoint(simple(tmp_path / "config", cluster={"insecure-skip-tls-verify": True}))
    assert found.tls is not None
    assert found.tls.verify_mode == ssl.CERT_NONE


def test_without_tls_there_is_none(tmp_path: Path) -> None:
    assert endpoint(simple(tmp_path / "config", cluster={"server": "http://127.0.0.1:8001"})).tls is None


@pytest.mark.parametrize(
    ("user", "cluster", "message"),
    [
        ({"username": "a", "password": "hush"}, {}, "has a password, which Kubernetes no longer takes"),
        ({"auth-provider": {"name": "gcp"}}, {}, "has an auth-provider, which Kubernetes has given up"),
        ({"client-key": "a.key"}, {}, r"a\.key, the client-key of the user 'u' in .*/config, cannot be read"),
        ({"client-certificate-data": "!"}, {}, "client-certificate-data of the user 'u' in .*/config is not base64"),
        ({}, {"certificate-authority": "ca.crt"}, r"ca\.crt is not a readable certificate in PEM"),
        ({}, {"certificate-authority-data": data(b"x")}, "certificate-authority-data is not a readable certificate"),
        (
            {},
            {"certificate-authority": "x", "insecure-skip-tls-verify": True},
            "has an authority and insecure-skip-tls-verify: take one of them out",
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, user: Any, cluster: Any, message: str) -> None:
    with pytest.raises(Misconfigured, match=message) as refused:
        endpoint(simple(tmp_path / "config", user=user, cluster=cluster))
    assert "hush" not in str(refused.value)


def test_a_certificate_without_a_key_is_refused(tmp_path: Path, authority: Authority) -> None:
    user = {"client-certificate-data": data(authority.pair("a")[0])}
    with pytest.raises(Misconfigured, match="only one of client-certificate and client-key"):
        endpoint(simple(tmp_path / "config", user=user))
