from pathlib import Path

import pytest
from authority import Authority

from hauberk.client.errors import Misconfigured
from hauberk.client.incluster import in_cluster

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def directory(tmp_path: Path, authority: Authority) -> Path:
    (tmp_path / "token").write_text("abc")
    (tmp_path / "ca.crt").write_bytes(authority.pem)
    return tmp_path


def test_a_pod_asks_its_own_cluster_with_its_own_token(directory: Path) -> None:
    endpoint = in_cluster(POD, directory=directory)
    assert endpoint.url == "https://10.96.0.1:443"
    assert endpoint.tls is not None
    assert len(endpoint.tls.get_ca_certs()) == 1
    assert endpoint.token is not None
    assert endpoint.token() == "abc"
    (directory / "token").write_text("another one")
    assert endpoint.token() == "another one"


@pytest.mark.parametrize(
    ("host", "url"),
    [("fd00::1", "https://[fd00::1]:443"), ("kubernetes.default.svc", "https://kubernetes.default.svc:443")],
)
def test_hosts_stand_in_urls_as_they_must(directory: Path, host: str, url: str) -> None:
    assert in_cluster({**POD, "KUBERNETES_SERVICE_HOST": host}, directory=directory).url == url


def test_outside_of_a_pod_it_says_so(directory: Path) -> None:
    with pytest.raises(Misconfigured, match="KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"):
        in_cluster({}, directory=directory)


@pytest.mark.parametrize("missing", ["token", "ca.crt"])
def test_what_is_not_mounted_is_named(directory: Path, missing: str) -> None:
    (directory / missing).unlink()
    with pytest.raises(Misconfigured, match=f"{directory}/{missing}"):
        in_cluster(POD, directory=directory)
