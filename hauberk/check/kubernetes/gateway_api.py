"""Are routes of the Gateway API known to the cluster? Pure."""

from hauberk.check.kubernetes.seen import Document, Seen, annotations_of, unread
from hauberk.check.report import Category, Check
from hauberk.model.kinds import GATEWAY, KINDS, Kind

_BUNDLE = "gateway.networking.k8s.io/bundle-version"
_INSTALL = "install the standard channel of the Gateway API (https://gateway-api.sigs.k8s.io/guides/)"


def gateway_api(crds: Seen) -> Category:
    """Who has none of its routes misses nothing, so no more than warnings."""
    kinds = [kind for kind in KINDS if kind.group == GATEWAY]
    by_name = {document["metadata"]["name"]: document for document in crds.documents}
    checks = (unread(_description(kind), crds) or _known(kind, by_name.get(kind.qualified)) for kind in kinds)
    return Category("gateway-api-crd", tuple(checks))


def _known(kind: Kind, definition: Document | None) -> Check:
    description = _description(kind)
    if definition is None:
        error = f"it is not installed: {kind.kind} of the Gateway API is not followed until it is"
        return Check(description, "warning", error, _INSTALL)
    served = [version["name"] for version in definition["spec"]["versions"] if version.get("served")]
    if kind.versions[0] not in served:
        error = f"the cluster serves {', '.join(served) or 'none'}, and {kind.versions[0]} is what is followed"
        return Check(description, "warning", error, _INSTALL)
    bundle, owner = annotations_of(definition).get(_BUNDLE), _owner(definition)
    told = (", ".join(served), f"bundle {bundle}" if bundle else "", owner)
    return Check(f"{description} ({'; '.join(filter(None, told))})")


def _owner(definition: Document) -> str:
    """Who takes it away with himself or brings the next version; empty where nobody says."""
    annotations = annotations_of(definition)
    if release := annotations.get("meta.helm.sh/release-name"):
        return f"of the Helm release {annotations.get('meta.helm.sh/release-namespace', '')}/{release}"
    managers = definition["metadata"].get("managedFields") or ()
    found = next((entry.get("manager") for entry in managers if not entry.get("subresource")), None)
    return f"applied by {found}" if found else ""


def _description(kind: Kind) -> str:
    return f"{kind.kind} of the Gateway API is known"
