"""Labels and annotations of pods: what tools look for, and what the namespace says. Pure."""

from collections.abc import Mapping

from hauberk.injector.asked import ENABLED, INGRESS, INJECT
from hauberk.injector.installation import Installation
from hauberk.injector.ports import among, declared
from hauberk.injector.subject import Owner, Place, Spec, Subject
from hauberk.model import names
from hauberk.sidecar import keys
from hauberk.sidecar.table import TABLE
from hauberk.sidecar.tuning import Tuning

CREATED_BY = "linkerd.io/created-by"
PROXY_VERSION = "linkerd.io/proxy-version"
TRUST_ROOT = "linkerd.io/trust-root-sha256"
MESH_LABEL = "linkerd.io/control-plane-ns"
WORKLOAD_LABEL = "linkerd.io/workload-ns"
OWNER_KINDS = frozenset(
    {"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob"}
)


def labels(place: Place, owner: Owner | None, installation: Installation) -> dict[str, str]:
    """A name that is no value of a label is left out: cut off, it would be somebody else's."""
    found = {MESH_LABEL: installation.namespace}
    if place.name:
        found[WORKLOAD_LABEL] = place.name
    if owner is not None and owner.kind in OWNER_KINDS and owner.name:
        label = {f"linkerd.io/proxy-{owner.kind.lower()}": owner.name}
        if not any(names.labels("", label)):
            found |= label
    return found


def annotations(
    subject: Subject, place: Place, tuning: Tuning, installation: Installation, *, ingress: bool
) -> dict[str, str]:
    """What an injected pod says about its proxy, to people and to the control plane."""
    spec = subject.spec or Spec()
    found = {
        **_lists(spec, installation),
        **honoured(place),
        INJECT: INGRESS if ingress else ENABLED,
    }
    wanted = {key: value for key, value in found.items() if key not in canonical(subject.annotations)}
    return {
        **wanted,
        CREATED_BY: installation.created_by,
        PROXY_VERSION: tuning.of(keys.VERSION),
        TRUST_ROOT: installation.trust_root,
    }


def of_place(subject: Subject, place: Place) -> dict[str, str]:
    """What clients must know of whoever has no proxy: opaque ports, as the namespace lists them."""
    listed = honoured(place).get(keys.OPAQUE_PORTS)
    return {keys.OPAQUE_PORTS: listed} if listed is not None and keys.OPAQUE_PORTS not in subject.annotations else {}


def honoured(place: Place) -> dict[str, str]:
    """Those of the namespace's annotations that make sense on a pod."""
    found = {}
    for key, value in place.annotations.items():
        row = TABLE.get(keys.ALIASES.get(key, key))
        if row is None:
            continue
        try:
            row.check(value)
        except ValueError:
            continue
        found[key] = value
    return found


def canonical(found: Mapping[str, str]) -> frozenset[str]:
    """The keys, older names and newer ones alike."""
    newer = {keys.ALIASES.get(key, key) for key in found}
    return frozenset({*found, *newer, *(older for older, key in keys.ALIASES.items() if key in newer)})


def _lists(spec: Spec, installation: Installation) -> dict[str, str]:
    """Defaults that concern ports of the pod: the control plane tells clients by its annotations."""
    ports, found = declared(spec), {}
    if here := among(installation.defaults[keys.OPAQUE_PORTS], ports):
        found[keys.OPAQUE_PORTS] = ",".join(map(str, here))
    skipped = installation.defaults.get(keys.SKIP_INBOUND_PORTS, "")
    if among(skipped, ports):
        found[keys.SKIP_INBOUND_PORTS] = skipped
    return found
