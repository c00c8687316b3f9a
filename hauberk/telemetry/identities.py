"""Identities as people read them. Pure."""

_MARK = ".serviceaccount.identity."


def short(identity: str) -> str:
    """`SA.NS`, as Linkerd's tools show an identity; any other name as it is."""
    return identity.partition(_MARK)[0]


def of_pod(service_account: str, namespace: str, control_plane: str) -> str:
    """The identity of a workload, given that of its control plane, which is in the same trust domain."""
    return f"{service_account}.{namespace}{_MARK}{control_plane.partition(_MARK)[2]}"
