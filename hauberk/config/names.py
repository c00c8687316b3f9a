"""Names of the cluster-wide objects of an installation: the manifests and the control plane agree on them. Pure.

They hold the namespace: Linkerd's own installation, from which a cluster may be moving over, has objects of the same
kinds beside them.
"""


def cluster_wide(component: str, namespace: str) -> str:
    """`component` as in the names of Linkerd's: `proxy-injector`, `policy-validator`."""
    return f"linkerd-{namespace}-{component}"
