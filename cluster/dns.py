"""Names in the cluster: CoreDNS, and the proof that every node can ask it."""

from functools import partial
from string import Template

from cluster import addresses, commands, kubectl, network
from cluster.daemons import Daemons
from cluster.failure import ClusterFailed
from cluster.kube_proxy import name as kube_proxy
from cluster.places import SOURCES, Places
from cluster.recipes import COREDNS

_MANIFEST = SOURCES / "dns.yaml"
_TIMEOUT_S = 90.0
_ANSWER_TIMEOUT_S = "2"


def manifest() -> str:
    known = [str(address) for address in addresses.service_dns()]
    values = {"image": COREDNS, "domain": addresses.DOMAIN, "address": known[0], "addresses": ", ".join(known)}
    return Template(_MANIFEST.read_text()).substitute(values)


def start(places: Places, daemons: Daemons, nodes: int) -> None:
    """Returns when every node gets an answer: by way of its kube-proxy, the pods' network and CoreDNS."""
    kubectl.run(places, ["apply", "--filename", "-"], given=manifest())
    for number in range(1, nodes + 1):
        try:
            what = f"an answer of DNS on node {number}"
            daemons.wait(what, partial(answers, number), _TIMEOUT_S, by=[kube_proxy(number)])
        except ClusterFailed as failure:
            pods = kubectl.attempt(places, ["get", "pods", "--all-namespaces", "--output", "wide"]) or "unknown"
            raise ClusterFailed(f"{failure}\nThe pods:\n{commands.tail(pods)}") from None


def answers(number: int) -> bool | None:
    """Whether a node learns where the API server is."""
    asked, server = f"kubernetes.default.svc.{addresses.DOMAIN}", str(addresses.service_dns()[0])
    # busybox complains if a name has an address of one family only, so what it has found counts, not how it ends.
    look = 'busybox nslookup "$0" "$1"; true'
    told = commands.attempt(network.inside(number, ["timeout", _ANSWER_TIMEOUT_S, "sh", "-c", look, asked, server]))
    return (told is not None and str(addresses.service_api()) in told.split()) or None
