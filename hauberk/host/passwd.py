"""The machine's users and groups."""

import os
import pwd

from hauberk.host.user import User


class Passwd:
    """The system's database, by the C library (so also LDAP and the like)."""

    def by_name(self, name: str) -> User | None:
        try:
            return _user(pwd.getpwnam(name))
        except KeyError:
            return None

    def by_uid(self, uid: int) -> User | None:
        try:
            return _user(pwd.getpwuid(uid))
        except KeyError:
            return None


def _user(entry: pwd.struct_passwd) -> User:
    groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid))
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid, groups, entry.pw_dir)
