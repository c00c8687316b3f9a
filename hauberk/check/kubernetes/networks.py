"""Are the addresses of a cluster among those that the mesh takes for its own? Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from hauberk.check.kubernetes.seen import Seen, called, joined, unread
from hauberk.check.report import Check, listed, verdict


@dataclass(frozen=True, kw_only=True)
class Networks:
    """What was chosen, and what there is."""

    upgrade: str
    """The command that changes what was chosen."""
    chosen: Sequence[str]
    """`clusterNetworks` of the values, as CIDRs."""
    nodes: Seen
    pods: Seen
    services: Seen


def networks(facts: Networks) -> Check:
    """Addresses outside are taken for the world: they get no identity and no policy of the mesh."""
    description = "clusterNetworks has the addresses of nodes' pods and of Services"
    if (check := unread(description, joined((facts.nodes, facts.pods, facts.services)))) is not None:
        return check
    known = [ip_network(text, strict=False) for text in facts.chosen]
    wrong = [f"{what} {text}" for what, text in _all(facts) if not _within(text, known)]
    command, _, rest = facts.upgrade.partition(" |")
    hint = f"{command} --set 'clusterNetworks={{{','.join(facts.chosen)},MORE}}'" + (f" |{rest}" if rest else "")
    return verdict(description, listed(wrong), hint, outcome="warning")


def _all(facts: Networks) -> Iterator[tuple[str, str]]:
    for node in facts.nodes.documents:
        for text in (node.get("spec") or {}).get("podCIDRs") or ():
            yield f"node {called(node)}:", text
    for pod in facts.pods.documents:
        if not (pod.get("spec") or {}).get("hostNetwork"):
            for entry in (pod.get("status") or {}).get("podIPs") or ():
                yield f"pod {called(pod)}:", entry.get("ip") or ""
    for service in facts.services.documents:
        for text in (service.get("spec") or {}).get("clusterIPs") or ():
            yield f"Service {called(service)}:", text


def _within(text: str, known: Sequence[object]) -> bool:
    """What is no address (as `None` of a headless Service) is no matter."""
    try:
        wanted = ip_network(text, strict=False) if "/" in text else ip_network(ip_address(text))
    except ValueError:
        return True
    return any(wanted.version == found.version and wanted.subnet_of(found) for found in known)  # type: ignore[attr-defined, arg-type]
