import pytest

from hauberk.catalog.names import Authority, ServiceName, parse_authority, service_of


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("web.default.svc.cluster.local:8080", "web.default.svc.cluster.local", 8080),
        ("web.default.svc.cluster.local.:8080", "web.default.svc.cluster.local", 8080),
        ("Web.Default.svc", "web.default.svc", 80),
        ("10.0.0.1:1", "10.0.0.1", 1),
        ("[::1]:65535", "::1", 65535),
        ("[2001:DB8:0:0::1]", "2001:db8::1", 80),
        ("_sip.example.com:5060", "_sip.example.com", 5060),
    ],
)
def test_an_authority_is_read_as_programs_write_it(text: str, host: str, port: int) -> None:
    assert parse_authority(text) == Authority(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "a:",
        "a:0",
        "a:65536",
        "a:123456",
        "a:-1",
        "a:٣",
        "a b:80",
        "a..b:80",
        "::1",
        "[::1",
        "[::1]80",
        "[web]:80",
        "ü:80",
        "x" * 64,
        ".".join(["abcdefgh"] * 40),
    ],
)
def test_what_is_no_authority_is_refused(text: str) -> None:
    assert parse_authority(text) is None


def test_a_name_of_the_cluster_says_which_service_it_means() -> None:
    assert service_of("web.default.svc.cluster.local", "cluster.local") == ServiceName("web", "default")
    assert service_of("a.web.default.svc.cluster.local", "cluster.local") == ServiceName("web", "default", "a")


def test_a_short_name_is_one_only_where_it_is_allowed() -> None:
    assert service_of("web.default.svc", "cluster.local") is None
    assert service_of("web.default.svc", "cluster.local", short=True) == ServiceName("web", "default")


@pytest.mark.parametrize(
    "host", ["example.com", "svc.cluster.local", "web.svc.cluster.local", "a.b.c.d.svc.cluster.local"]
)
def test_other_names_mean_no_service(host: str) -> None:
    assert service_of(host, "cluster.local", short=True) is None
