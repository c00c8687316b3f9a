"""What an error of the API means to whoever uses the store. Pure."""

from hauberk.client.errors import ApiError, Busy, Forbidden, Unreachable
from hauberk.client.kinds import ApiKind, qualified
from hauberk.store.protocol import StoreUnavailable


def unavailable(error: ApiError, verb: str, kind: ApiKind) -> StoreUnavailable:
    """`verb` is what was to be done with objects of the kind, in the words of RBAC."""
    match error:
        case Forbidden(code=401):
            hint = "see that the token of its ServiceAccount is mounted, and not of another cluster"
            return StoreUnavailable(f"the API server does not know the control plane ({error.message})", hint)
        case Forbidden():
            return StoreUnavailable(error.message, f"allow it {verb} on {qualified(kind)}, in a ClusterRole")
        case Unreachable():
            return StoreUnavailable(str(error).removesuffix(f": {error.hint}"), error.hint)
        case Busy():
            return StoreUnavailable(f"the API server has too much to do ({error.message})", "it is asked again")
        case _:
            return StoreUnavailable(f"the API server cannot {verb} {qualified(kind)} ({error.message})", "see its log")
