from pages import reading, target

from hauberk.telemetry.health import Health, health
from hauberk.telemetry.identities import short

WEB = target("web-1", "web", "10.77.0.3")


def test_a_proxys_page_tells_its_certificates_end_and_its_views_age() -> None:
    page = "control_identity_cert_expiration_timestamp_seconds 1800000000\nhauberk_view_age_seconds 4.5\n"
    assert health(reading(WEB, 0, page)) == Health(1_800_000_000, 4.5)


def test_what_a_proxy_does_not_say_is_not_known() -> None:
    assert health(reading(WEB, 0, "up 1\n")) == Health()
    no_certificate_yet = "control_identity_cert_expiration_timestamp_seconds 0\n"
    assert health(reading(WEB, 0, no_certificate_yet)) == Health()


def test_an_identity_is_shown_short_and_a_stranger_whole() -> None:
    assert short("web.shop.serviceaccount.identity.hauberk.cluster.local") == "web.shop"
    assert short("spiffe://elsewhere/web") == "spiffe://elsewhere/web"
