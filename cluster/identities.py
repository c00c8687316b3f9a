"""Who is who in the cluster: certificates, and the kubeconfigs of those that ask the API server."""

from cluster import addresses, files, kubeconfig
from cluster.authority import Authority
from cluster.certificates import Wish
from cluster.places import Places

ADMIN = "admin"
CONTROLLERS = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
KUBE_PROXY = "kube-proxy"
API_SERVER = "kube-apiserver"
KUBELET_CLIENT = "kube-apiserver-kubelet-client"
_MASTERS = "system:masters"


def kubelet(number: int) -> str:
    return f"kubelet-{number}"


def wishes(nodes: int) -> dict[str, Wish]:
    """For each certificate by its name."""
    api = "kubernetes.default.svc"
    return {
        API_SERVER: Wish(
            API_SERVER,
            dns=("kubernetes", "kubernetes.default", api, f"{api}.{addresses.DOMAIN}"),
            ips=(*addresses.machine(), addresses.service_api()),
            server=True,
            client=False,
        ),
        KUBELET_CLIENT: Wish(KUBELET_CLIENT, _MASTERS),
        ADMIN: Wish(ADMIN, _MASTERS),
        CONTROLLERS: Wish(f"system:{CONTROLLERS}"),
        SCHEDULER: Wish(f"system:{SCHEDULER}"),
        KUBE_PROXY: Wish(f"system:{KUBE_PROXY}"),
        **{kubelet(number): _kubelet(number) for number in range(1, nodes + 1)},
    }


def make(places: Places, nodes: int) -> None:
    """Makes what is missing, for so many nodes."""
    authority = Authority(places.keys)
    authority.token_key()
    for name, wish in wishes(nodes).items():
        authority.grant(name, wish)
        if name not in (API_SERVER, KUBELET_CLIENT):
            text = kubeconfig.render(addresses.api_url(), places.keys, name)
            files.keep(places.kubeconfig(name), text, 0o600)


def _kubelet(number: int) -> Wish:
    """One certificate for both: a kubelet asks the API server, and answers it."""
    name = addresses.node_name(number)
    return Wish(f"system:node:{name}", "system:nodes", dns=(name,), ips=addresses.node(number), server=True)
