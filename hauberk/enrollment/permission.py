"""Who may run a program as which ServiceAccount: decided by the caller's uid, which the kernel tells. Pure."""

from collections.abc import Mapping

from hauberk.enrollment.mesh import ALLOWED_UIDS_ANNOTATION

ROOT_UID = 0


def is_administrator(uid: int, *, owner_uid: int) -> bool:
    """Root, and the user who started the control plane, may do everything."""
    return uid in (ROOT_UID, owner_uid)


def may_run_as(uid: int, *, owner_uid: int, annotations: Mapping[str, str]) -> bool:
    """Whether `uid` may run programs as the ServiceAccount that has these annotations.

    The annotation `hauberk.dev/allowed-uids` lists uids beside root and the owner, such as `1000,1001`. What is not a
    number in it allows nobody.
    """
    if is_administrator(uid, owner_uid=owner_uid):
        return True
    listed = (part.strip() for part in annotations.get(ALLOWED_UIDS_ANNOTATION, "").split(","))
    return str(uid) in listed
