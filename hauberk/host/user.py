"""As whom a program runs. Pure: the system's user table is handed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hauberk.host.failure import SetupFailed

PROXY_UID = 2102
"""Exempt from the redirect: a program of this uid would bypass the mesh."""


@dataclass(frozen=True, slots=True)
class User:
    name: str
    uid: int
    gid: int
    groups: Sequence[int]
    home: str


class UserTable(Protocol):
    """The part of the system's user database that is needed."""

    def by_name(self, name: str) -> User | None: ...

    def by_uid(self, uid: int) -> User | None: ...


def choose(asked: str | None, environ: Mapping[str, str], table: UserTable) -> User:
    """`--user` if given (a name, a uid, or uid:gid), else who called sudo, else root, who then is the invoker.

    A program that runs as root still has no CAP_NET_ADMIN, so it cannot leave the mesh.
    """
    if asked is not None:
        user = _asked(asked, table)
    else:
        sudo_uid = environ.get("SUDO_UID", "")
        uid = int(sudo_uid) if sudo_uid.isdecimal() else 0
        user = table.by_uid(uid) or _bare(uid, uid)
    if PROXY_UID in (user.uid, user.gid, *user.groups):
        raise SetupFailed(
            f"a program may not run as uid or gid {PROXY_UID}: the proxy's traffic is told apart by it",
            hint="choose another user with --user",
        )
    return user


def _asked(asked: str, table: UserTable) -> User:
    uid, colon, gid = asked.partition(":")
    if uid.isdecimal() and (not colon or gid.isdecimal()):
        known = table.by_uid(int(uid))
        if colon:
            return (
                _bare(int(uid), int(gid))
                if known is None
                else User(known.name, known.uid, int(gid), (int(gid),), known.home)
            )
        return known or _bare(int(uid), int(uid))
    user = table.by_name(asked)
    if user is None:
        raise SetupFailed(f"there is no user {asked!r} on this machine", hint="give a user's name, a uid or uid:gid")
    return user


def _bare(uid: int, gid: int) -> User:
    return User(str(uid), uid, gid, (gid,), "/")
