"""Who may do what, by uid. Pure.

The socket's mode keeps everybody but root and the user who started the control plane away. Who opens it to more users
gives them the right to read, and to run programs as the ServiceAccounts that list their uid; nothing else.
"""

from hauberk.apiserver.target import Target
from hauberk.enrollment.permission import is_administrator

READING = frozenset({"get", "list", "watch"})

MADE_BY_THE_MESH = {
    "Pod": "a Pod is a program in the mesh: start one with `hauberk run`",
    "EndpointSlice": "EndpointSlices are made from Services and Pods: change those",
}


def refusal(uid: int, *, owner_uid: int, target: Target, verb: str) -> str | None:
    """Return why `uid` may not do that, or None if it may. What the runner does is judged by the workload's account."""
    if verb in READING or runner_may(target, verb):
        return None
    if reason := MADE_BY_THE_MESH.get(target.kind.kind):
        return reason
    if not is_administrator(uid, owner_uid=owner_uid):
        return f"uid {uid} may read only: changes are made by root or by the user who started the control plane"
    return None


def runner_may(target: Target, verb: str) -> bool:
    """Whether this is one of the calls of a runner, which depend on the ServiceAccount of the workload."""
    call = (target.kind.kind, target.subresource, verb)
    return call in {("Pod", "status", "update"), ("Pod", "status", "patch"), ("Pod", None, "delete")} or call == (
        "ServiceAccount",
        "token",
        "create",
    )
