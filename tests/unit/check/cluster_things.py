"""Objects as an API server gives them, well unless a test says otherwise."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hauberk.check.kubernetes.seen import Seen
from hauberk.check.report import Check
from hauberk.config.chart import Values
from hauberk.identity.certificate import Signing, make_issuer, make_root, validity
from hauberk.identity.keeping import pem_of
from hauberk.install.files import templates
from hauberk.install.objects import in_order
from hauberk.install.rendering import Installation, render

NOW = datetime(2026, 12, 2, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
DENIED = Seen(error='secrets is forbidden: User "me" cannot list', hint="kubectl auth can-i list secrets")
NAMESPACE = "hauberk"

Document = dict[str, Any]


def outcomes(checks: Iterable[Check]) -> dict[str, str]:
    """What is not well, by description. Whatever is not says what to do."""
    wrong = [check for check in checks if check.outcome != "success"]
    assert all(check.hint and check.error for check in wrong)
    return {check.description: check.outcome for check in wrong}


def error(checks: Iterable[Check]) -> str:
    """Of the one check that is not well."""
    (found,) = [check for check in checks if check.outcome != "success"]
    return found.error


def rendered(values: Values | None = None) -> list[Document]:
    return in_order(render(templates(), Installation(namespace=NAMESPACE, values=values or Values())))


def seen(*documents: Document) -> Seen:
    return Seen(documents)


def named(kind: str, name: str, namespace: str = "", **rest: Any) -> Document:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **rest.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}


def pod(name: str, namespace: str = "shop", *, proxy: bool = True, ready: bool = True, **metadata: Any) -> Document:
    containers = [{"name": "linkerd-proxy"}] * proxy
    statuses = [{"name": "linkerd-proxy", "ready": True, "state": {"running": {}}}] * proxy
    return named(
        "Pod",
        name,
        namespace,
        metadata=metadata,
        spec={"nodeName": "n1", "initContainers": containers, "containers": [{"name": "web"}]},
        status={
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "initContainerStatuses": statuses,
            "containerStatuses": [{"name": "web", "ready": ready, "state": {"running": {}}}],
        },
    )


def deployment(name: str, replicas: int = 1, ready: int | None = None) -> Document:
    have = replicas if ready is None else ready
    return named(
        "Deployment",
        name,
        NAMESPACE,
        metadata={"generation": 2},
        spec={"replicas": replicas},
        status={"observedGeneration": 2, "readyReplicas": have, "updatedReplicas": replicas},
    )


def root(*, begin: datetime = NOW - YEAR, lifetime: timedelta = 10 * YEAR) -> Signing:
    return make_root("root", validity(begin, lifetime, skew=timedelta()))


def issuer(of: Signing, *, begin: datetime = NOW - timedelta(days=1), lifetime: timedelta = YEAR) -> Signing:
    return make_issuer("issuer", validity(begin, lifetime, skew=timedelta()), of)


def bundle(*roots: Signing) -> Document:
    data = {"ca-bundle.crt": pem_of(*(found.certificate for found in roots))}
    return named("ConfigMap", "linkerd-identity-trust-roots", NAMESPACE, data=data)


def secret(name: str, *chain: Signing, key: str = "crt.pem") -> Document:
    return named("Secret", name, NAMESPACE, data={key: encoded(pem_of(*(found.certificate for found in chain)))})


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()
