from pathlib import Path

import pytest
from kubeconfigs import simple, written

from hauberk.client.errors import Misconfigured
from hauberk.client.kubeconfig import Choice, locate_cluster


def test_the_current_context_says_whom_to_ask_and_where(tmp_path: Path) -> None:
    simple(tmp_path / ".kube" / "config", user={"token": "abc"}, namespace="shop")
    located = locate_cluster(environ={"HOME": str(tmp_path)})
    assert (located.endpoint.url, located.namespace) == ("https://10.0.0.1:6443", "shop")
    assert located.endpoint.token is not None
    assert located.endpoint.token() == "abc"
    assert located.endpoint.headers == ()


def test_the_command_line_counts_more_than_the_files(tmp_path: Path) -> None:
    path = written(
        tmp_path / "config",
        clusters={"a": {"server": "https://a"}, "b": {"server": "https://b"}},
        users={"u": {"token": "1"}, "v": {"token": "2"}},
        contexts={"one": {"cluster": "a", "user": "u"}, "two": {"cluster": "b", "user": "u", "namespace": "n"}},
        current_context="one",
    )
    environ = {"KUBECONFIG": str(path)}
    assert locate_cluster(environ=environ).endpoint.url == "https://a"
    two = locate_cluster(Choice(context="two"), environ)
    assert (two.endpoint.url, two.namespace) == ("https://b", "n")
    mixed = locate_cluster(Choice(cluster="b", user="v"), environ).endpoint
    assert mixed.url == "https://b"
    assert mixed.token is not None
    assert mixed.token() == "2"


def test_somebody_else_may_be_acted_for(tmp_path: Path) -> None:
    path = str(simple(tmp_path / "c", user={"token": "x", "as": "eve", "as-groups": ["g"], "as-uid": "7"}))
    assert locate_cluster(Choice(kubeconfig=path), {}).endpoint.headers == (
        ("Impersonate-User", "eve"),
        ("Impersonate-Group", "g"),
        ("Impersonate-Uid", "7"),
    )
    told = Choice(kubeconfig=path, as_user="bob", as_groups=("h", "i"))
    assert locate_cluster(told, {}).endpoint.headers[:3] == (
        ("Impersonate-User", "bob"),
        ("Impersonate-Group", "h"),
        ("Impersonate-Group", "i"),
    )


def test_a_group_needs_a_user(tmp_path: Path) -> None:
    path = str(simple(tmp_path / "c"))
    with pytest.raises(Misconfigured, match="name one with --as"):
        locate_cluster(Choice(kubeconfig=path, as_groups=("g",)), {})


def test_the_servers_name_may_be_another(tmp_path: Path) -> None:
    path = simple(tmp_path / "c", cluster={"tls-server-name": "kubernetes"})
    assert locate_cluster(environ={"KUBECONFIG": str(path)}).endpoint.server_name == "kubernetes"


def test_without_a_file_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=rf"there is no kubeconfig \(looked at {tmp_path}/.kube/config\)"):
        locate_cluster(environ={"HOME": str(tmp_path)})
    with pytest.raises(Misconfigured, match="KUBECONFIG and HOME, which are not set"):
        locate_cluster(environ={})


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice(context="x"), "there is no context 'x' in .*config; there: here"),
        (Choice(cluster="x"), "there is no cluster 'x'"),
        (Choice(user="x"), "there is no user 'x' in .*; there: u"),
    ],
)
def test_a_name_that_is_not_there_is_said_with_those_that_are(tmp_path: Path, choice: Choice, message: str) -> None:
    path = simple(tmp_path / "config")
    with pytest.raises(Misconfigured, match=message):
        locate_cluster(choice, {"KUBECONFIG": str(path)})


def test_a_context_has_to_be_chosen(tmp_path: Path) -> None:
    path = written(tmp_path / "c", clusters={"a": {"server": "https://a"}})
    with pytest.raises(Misconfigured, match="no current context: choose one with --context"):
        locate_cluster(environ={"KUBECONFIG": str(path)})


@pytest.mark.parametrize("server", ["", "10.0.0.1:6443", "ftp://a", "https://", "https://a:b"])
def test_a_server_without_an_address_is_refused(tmp_path: Path, server: str) -> None:
    path = simple(tmp_path / "c", cluster={"server": server})
    with pytest.raises(Misconfigured, match=r"the cluster 'c' in .* which is not like https://HOST:PORT"):
        locate_cluster(environ={"KUBECONFIG": str(path)})


def test_a_proxy_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = simple(tmp_path / "c", cluster={"proxy-url": "http://proxy:3128"})
    with pytest.raises(Misconfigured, match=r"proxy-url\), which is not supported: forward a port"):
        locate_cluster(environ={"KUBECONFIG": str(path)})
