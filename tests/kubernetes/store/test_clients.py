"""The client on a real API server: how it proves who it is, and whom it believes."""

import json
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apikit.keys import ADMIN_TOKEN
from apikit.server import ApiServer

from hauberk.client.api import Client
from hauberk.client.errors import Conflict, Forbidden, NotFound, Unreachable
from hauberk.client.incluster import in_cluster
from hauberk.client.kinds import CONFIG_MAP, DEPLOYMENT, LEASE, SECRET, TOKEN_REVIEW, OtherKind
from hauberk.client.kubeconfig import Choice, locate_cluster

SELF = OtherKind("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", namespaced=False)
PLUGIN = "client.authentication.k8s.io/v1"

Config = Callable[..., str]


@pytest.fixture
def config(server: ApiServer, tmp_path: Path) -> Config:
    """Write a kubeconfig for this server; `cluster` is more of its entry."""

    def write(user: dict[str, Any], **cluster: Any) -> str:
        path = tmp_path / "config"
        server.kubeconfig(path)
        document = json.loads(path.read_text())
        document["users"][0]["user"] = user
        document["clusters"][0]["cluster"] |= cluster
        path.write_text(json.dumps(document))
        return str(path)

    return write


async def who(path: str, **choice: Any) -> dict[str, Any]:
    async with Client(locate_cluster(Choice(kubeconfig=path, **choice)).endpoint) as client:
        answer = await client.create(SELF, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
    return dict(answer.body["status"]["userInfo"])


def data(path: Path) -> str:
    return b64encode(path.read_bytes()).decode()


async def test_certificates_prove_it_by_file_and_by_data(server: ApiServer, config: Config) -> None:
    certificate, key = server.keys.certificate("admin"), server.keys.key("admin")
    by_file = {"client-certificate": str(certificate), "client-key": str(key)}
    by_data = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    authority = {"certificate-authority": "", "certificate-authority-data": data(server.keys.authority)}
    assert (await who(config(by_file)))["username"] == "admin"
    assert (await who(config(by_data, **authority)))["username"] == "admin"


async def test_tokens_prove_it(config: Config, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-of-narrow\n")
    assert (await who(config({"token": "token-of-nobody"})))["username"] == "nobody"
    assert (await who(config({"tokenFile": "token"})))["username"] == "narrow"


async def test_a_plugin_proves_it_by_token_and_by_certificate(
    server: ApiServer, config: Config, tmp_path: Path
) -> None:
    keys = server.keys
    pair = {
        "clientCertificateData": keys.certificate("admin").read_text(),
        "clientKeyData": keys.key("admin").read_text(),
    }
    for status, username in (({"token": "token-of-narrow"}, "narrow"), (pair, "admin")):
        document = json.dumps({"apiVersion": PLUGIN, "kind": "ExecCredential", "status": status})
        (tmp_path / "plugin").write_text(f"#!{sys.executable}\nprint({document!r})\n")
        (tmp_path / "plugin").chmod(0o755)
        plugin = {"apiVersion": PLUGIN, "command": "./plugin", "interactiveMode": "Never"}
        assert (await who(config({"exec": plugin})))["username"] == username


async def test_somebody_else_is_acted_for(config: Config) -> None:
    found = await who(config({"token": ADMIN_TOKEN}), as_user="eve", as_groups=("a", "b"))
    assert found["username"] == "eve"
    assert {"a", "b"} <= set(found["groups"])


async def test_whoever_is_not_known_is_told_so(config: Config) -> None:
    with pytest.raises(Forbidden, match="Unauthorized") as refused:
        await who(config({"token": "guessed"}))
    assert refused.value.code == 401


async def test_a_server_of_another_name_or_authority_is_not_believed(config: Config) -> None:
    user = {"token": ADMIN_TOKEN}
    with pytest.raises(Unreachable, match="kubernetes"):
        await who(config(user, **{"tls-server-name": "kubernetes"}))
    assert await who(config(user, **{"tls-server-name": "localhost"}))
    with pytest.raises(Unreachable, match="certificate verify failed"):
        await who(config(user, **{"certificate-authority": ""}))
    unverified = {"certificate-authority": "", "insecure-skip-tls-verify": True}
    assert (await who(config(user, **unverified)))["username"] == "admin"


async def test_a_pod_asks_its_own_cluster(server: ApiServer, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(ADMIN_TOKEN)
    (tmp_path / "ca.crt").write_bytes(server.keys.authority.read_bytes())
    environ = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(server.port)}
    async with Client(in_cluster(environ, directory=tmp_path)) as client:
        assert (await client.version())["major"] == "1"
        (tmp_path / "token").write_text("no longer valid")
        with pytest.raises(Forbidden):
            await client.list(SECRET)


async def test_kinds_that_the_model_does_not_have_are_read_and_written(client: Client) -> None:
    for kind, content in ((SECRET, {"data": {"a": "Yg=="}}), (CONFIG_MAP, {"data": {"a": "b"}}), (LEASE, {"spec": {}})):
        meta = {"name": "x", "namespace": "default"}
        document = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, **content}
        created = (await client.create(kind, document)).body
        assert await client.get(kind, "x", namespace="default") == created
        with pytest.raises(Conflict):
            await client.delete(kind, "x", namespace="default", resource_version="1")
        await client.delete(kind, "x", namespace="default", uid=created["metadata"]["uid"])
        with pytest.raises(NotFound):
            await client.get(kind, "x", namespace="default")


async def test_a_token_is_reviewed(client: Client) -> None:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "token-of-narrow"}}
    status = (await client.create(TOKEN_REVIEW, review)).body["status"]
    assert (status["authenticated"], status["user"]["username"]) == (True, "narrow")


async def test_applying_on_the_server_tells_managers_apart(client: Client) -> None:
    meta = {"name": "x", "namespace": "default"}

    def config_map(**entries: str) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": entries}

    try:
        await client.apply_server_side(CONFIG_MAP, config_map(a="1", b="1"), field_manager="first")
        with pytest.raises(Conflict, match=r"conflict with \"first\"|\.data\.a"):
            await client.apply_server_side(CONFIG_MAP, config_map(a="2"), field_manager="second", force=False)
        tried = await client.apply_server_side(CONFIG_MAP, config_map(a="3"), field_manager="second", dry_run=True)
        assert tried.body["data"] == {"a": "3", "b": "1"}
        forced = await client.apply_server_side(CONFIG_MAP, config_map(a="4"), field_manager="second")
        assert forced.body["data"] == {"a": "4", "b": "1"}
        without_b = await client.apply_server_side(CONFIG_MAP, config_map(), field_manager="first")
        assert without_b.body["data"] == {"a": "4"}
    finally:
        await client.delete(CONFIG_MAP, "x", namespace="default")


async def test_what_an_object_owns_may_be_left(client: Client) -> None:
    """Without controllers nobody carries it out; the server notes what was asked for."""
    labels = {"app": "x"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x", "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    await client.create(DEPLOYMENT, document)
    await client.delete(DEPLOYMENT, "x", namespace="default", propagation="Orphan")
    left = await client.get(DEPLOYMENT, "x", namespace="default")
    assert left["metadata"]["finalizers"] == ["orphan"]
    await client.merge(DEPLOYMENT, "x", {"metadata": {"finalizers": None}}, namespace="default")
