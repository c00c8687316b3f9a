"""What is told of certificates: of those whom proxies trust, of the one that signs, and of the webhooks'."""

from datetime import timedelta

import pytest
from cluster_things import (
    DENIED,
    NAMESPACE,
    NOW,
    YEAR,
    Document,
    bundle,
    encoded,
    error,
    issuer,
    named,
    outcomes,
    root,
    secret,
    seen,
)

from hauberk.check.kubernetes.seen import NOTHING, Seen
from hauberk.check.kubernetes.trust import Trust, trust
from hauberk.check.kubernetes.webhooks import Webhook, webhooks
from hauberk.check.report import Category, may_settle
from hauberk.identity.certificate import Signing
from hauberk.identity.keeping import pem_of

ROOT = root()
ISSUER = "linkerd-identity-issuer"
MONTH = timedelta(days=30)


def judged(roots: Seen | None = None, signer: Seen | None = None) -> Category:
    facts = Trust(
        namespace=NAMESPACE,
        bundle=seen(bundle(ROOT)) if roots is None else roots,
        issuer=seen(secret(ISSUER, issuer(ROOT))) if signer is None else signer,
    )
    return trust(facts, NOW)


def test_roots_and_an_issuer_that_last() -> None:
    assert outcomes(judged().checks) == {}


@pytest.mark.parametrize("key", ["crt.pem", "tls.crt"])
def test_the_issuer_is_found_by_both_names_of_its_certificate(key: str) -> None:
    assert outcomes(judged(signer=seen(secret(ISSUER, issuer(ROOT), key=key))).checks) == {}


@pytest.mark.parametrize("roots", [NOTHING, seen(named("ConfigMap", "linkerd-identity-trust-roots", data={}))])
def test_without_roots_nothing_else_is_told_and_they_may_come(roots: Seen) -> None:
    category = judged(roots)
    assert outcomes(category.checks) == {"there are trust roots": "error"}
    assert may_settle([category])


def test_roots_that_nobody_may_see() -> None:
    assert outcomes(judged(DENIED).checks) == {"there are trust roots": "warning"}


def test_a_root_that_is_over() -> None:
    over = root(begin=NOW - 2 * YEAR, lifetime=YEAR)
    category = judged(seen(bundle(over)), seen(secret(ISSUER, issuer(over))))
    assert outcomes(category.checks) == {
        "trust roots are valid": "error",
        "the issuer's certificate is signed by a trust root": "error",
    }
    assert not may_settle([category])


def test_a_root_that_is_over_beside_one_that_is_not_may_be_taken_out() -> None:
    over = root(begin=NOW - 2 * YEAR, lifetime=YEAR)
    category = judged(seen(bundle(over, ROOT)))
    assert outcomes(category.checks) == {"trust roots are valid": "warning"}


def test_a_root_that_ends_soon() -> None:
    soon = root(lifetime=YEAR + MONTH)
    category = judged(seen(bundle(soon)), seen(secret(ISSUER, issuer(soon))))
    assert outcomes(category.checks) == {"trust roots are valid for at least 60 days": "warning"}
    assert "ends 2027-01-01" in error(category.checks)


@pytest.mark.parametrize(
    ("signer", "wrong"),
    [
        (issuer(ROOT, lifetime=MONTH), {"the issuer's certificate is valid for at least 60 days": "warning"}),
        (issuer(ROOT, begin=NOW - YEAR, lifetime=MONTH), {"the issuer's certificate is valid": "error"}),
        (issuer(ROOT, begin=NOW + MONTH), {"the issuer's certificate is valid": "error"}),
        (issuer(root()), {"the issuer's certificate is signed by a trust root": "error"}),
    ],
)
def test_an_issuer_that_cannot_sign_or_not_for_long(signer: Signing, wrong: dict[str, str]) -> None:
    assert outcomes(judged(signer=seen(secret(ISSUER, signer))).checks) == wrong


@pytest.mark.parametrize(
    ("signer", "outcome"),
    [
        (NOTHING, "error"),
        (seen(named("Secret", ISSUER, NAMESPACE, data={"crt.pem": "no base64!"})), "error"),
        (seen(named("Secret", ISSUER, NAMESPACE, data={"crt.pem": encoded("no certificate")})), "error"),
        (DENIED, "warning"),
    ],
)
def test_an_issuer_that_cannot_be_read(signer: Seen, outcome: str) -> None:
    assert outcomes(judged(signer=signer).checks) == {"the issuer's certificate is valid": outcome}


def test_an_issuer_below_another_one() -> None:
    middle = issuer(ROOT)
    assert outcomes(judged(signer=seen(secret(ISSUER, issuer(middle), middle))).checks) == {}
    reversed_chain = seen(secret(ISSUER, middle, issuer(middle)))
    assert outcomes(judged(signer=reversed_chain).checks) == {
        "the issuer's certificate is signed by a trust root": "error"
    }


BELIEVED = "the API server can believe the webhook of linkerd-proxy-injector"
LASTING = "the certificate of linkerd-proxy-injector is valid for at least 60 days"
TLS = "linkerd-proxy-injector-k8s-tls"


def configuration(*authorities: Signing) -> Document:
    pem = encoded(pem_of(*(found.certificate for found in authorities))) if authorities else ""
    webhook = {"name": "injector.hauberk.dev", "clientConfig": {"caBundle": pem}}
    return named("MutatingWebhookConfiguration", "injector", webhooks=[webhook])


def believed(config: Seen | None = None, served: Seen | None = None) -> Category:
    webhook = Webhook(
        deployment="linkerd-proxy-injector",
        configuration=seen(configuration(ROOT)) if config is None else config,
        secret=seen(secret(TLS, issuer(ROOT), key="tls.crt")) if served is None else served,
    )
    return webhooks([webhook], NAMESPACE, NOW)


def test_a_webhook_that_is_believed() -> None:
    assert outcomes(believed().checks) == {}


def test_a_webhook_is_believed_by_any_authority_of_its_bundle_or_by_its_certificate_itself() -> None:
    assert outcomes(believed(seen(configuration(root(), ROOT))).checks) == {}
    assert outcomes(believed(seen(configuration(ROOT)), seen(secret(TLS, ROOT, key="tls.crt"))).checks) == {}


@pytest.mark.parametrize(
    ("config", "served", "told"),
    [
        (NOTHING, None, "its webhook configuration is missing"),
        (None, NOTHING, "it has no certificate yet"),
        (None, seen(secret(TLS, issuer(ROOT, lifetime=timedelta(hours=1)))), "its certificate is valid from"),
        (seen(configuration()), None, "injector.hauberk.dev: it has no caBundle yet"),
        (seen(configuration(root())), None, "its caBundle has not signed the certificate that is served"),
    ],
)
def test_a_webhook_that_is_not_believed(config: Seen | None, served: Seen | None, told: str) -> None:
    category = believed(config, served)
    assert outcomes(category.checks) == {BELIEVED: "error"}
    assert told in error(category.checks)
    assert may_settle([category])


def test_an_authority_of_a_webhook_that_is_over() -> None:
    over = root(begin=NOW - 2 * YEAR, lifetime=YEAR)
    category = believed(seen(configuration(over)), seen(secret(TLS, issuer(over))))
    assert "its caBundle is valid from" in error(category.checks)


def test_the_certificate_of_a_webhook_that_ends_soon() -> None:
    category = believed(served=seen(secret(TLS, issuer(ROOT, lifetime=MONTH))))
    assert outcomes(category.checks) == {LASTING: "warning"}


@pytest.mark.parametrize("blind", [{"config": DENIED}, {"served": DENIED}])
def test_a_webhook_that_nobody_may_see(blind: dict[str, Seen]) -> None:
    assert outcomes(believed(**blind).checks) == {BELIEVED: "warning"}
