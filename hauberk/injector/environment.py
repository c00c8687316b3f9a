"""The variables of the proxy's container. Pure."""

from collections.abc import Iterator
from typing import Any

from hauberk.injector.installation import Installation
from hauberk.injector.literal import literal, reference
from hauberk.injector.volumes import IDENTITY_DIR, TOKEN_FILE
from hauberk.model.identity import identity_of
from hauberk.sidecar import keys
from hauberk.sidecar.additional import variables
from hauberk.sidecar.environment import PREFIX, ProxySubject, environment_of
from hauberk.sidecar.tuning import Tuning

_FIELDS = {
    "_pod_name": "metadata.name",
    "_pod_ns": "metadata.namespace",
    "_pod_uid": "metadata.uid",
    "_pod_ip": "status.podIP",
    "_pod_nodeName": "spec.nodeName",
    "_pod_sa": "spec.serviceAccountName",
}
"""What is only known once the pod is there. Kubernetes replaces references to what stands before only."""


VALIDATE_REDIRECT = "HAUBERK_PROXY_VALIDATE_REDIRECT"
_VALIDATION = "10s"


def environment(
    tuning: Tuning, inbound: list[int], installation: Installation, *, ingress: bool, validates: bool
) -> list[dict[str, Any]]:
    """Ours, with what the pod adds in the place of what it names, or at the end.

    `validates`: the proxy does not begin where connections of its network do not come to it.
    """
    ours = {variable["name"]: variable for variable in _own(tuning, inbound, installation, ingress=ingress)}
    if validates:
        ours[VALIDATE_REDIRECT] = _value(VALIDATE_REDIRECT, _VALIDATION)
    for added in variables(tuning.of(keys.ADDITIONAL_ENV)):
        made: dict[str, Any] = {"name": added.name}
        if added.value_from is not None:
            made["valueFrom"] = added.value_from
        else:
            # As it stands: whoever adds a variable may refer to others, as in any container.
            made["value"] = added.value or ""
        ours[added.name] = made
    return list(ours.values())


def _own(tuning: Tuning, inbound: list[int], installation: Installation, *, ingress: bool) -> Iterator[dict[str, Any]]:
    for name, path in _FIELDS.items():
        yield _field(name, path)
    yield _value("_l5d_ns", installation.namespace)
    yield _value("_l5d_trustdomain", literal(installation.trust_domain))
    subject = ProxySubject(
        namespace=reference("_pod_ns"),
        pod=reference("_pod_name"),
        node=reference("_pod_nodeName"),
        identity=identity_of(
            reference("_pod_sa"), reference("_pod_ns"), installation.namespace, literal(installation.trust_domain)
        ),
        pod_ip="",
        inbound_ports=inbound,
        tuning=tuning.mapped(literal),
        ingress=ingress,
        any_address="0.0.0.0" if installation.values.disable_ipv6 else "[::]",  # noqa: S104 - for its peers
    )
    found = environment_of(subject, installation.home, trust_anchors=literal(installation.trust_anchors))
    for name, text in found.items():
        yield _value(name, text)
    yield _field(f"{PREFIX}INBOUND_IPS", "status.podIPs")
    yield _value(f"{PREFIX}IDENTITY_DIR", IDENTITY_DIR)
    yield _value(f"{PREFIX}IDENTITY_TOKEN_FILE", TOKEN_FILE)


def _value(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "value": text}


def _field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
