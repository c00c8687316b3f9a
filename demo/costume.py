"""As which user the demo's programs run: an unprivileged one, if it can read them."""

import pwd
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from demo import scene

NOBODY = "nobody"
_PROBE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Costume:
    uid: int
    gid: int
    why_root: str | None = None
    """What forbids an unprivileged user."""

    @property
    def option(self) -> str:
        """For `hauberk run --user`."""
        return f"{self.uid}:{self.gid}"


def choose(environ: Mapping[str, str]) -> Costume:
    """Who called sudo, else `nobody`; root where neither can run this Python and read the programs."""
    user = _invoker(environ) or pwd.getpwnam(NOBODY)
    if _can_play(user.pw_uid, user.pw_gid):
        return Costume(user.pw_uid, user.pw_gid)
    return Costume(0, 0, f"the user {user.pw_name} has no access to {scene.PROGRAMS} or to {sys.executable}")


def _invoker(environ: Mapping[str, str]) -> pwd.struct_passwd | None:
    uid = environ.get("SUDO_UID", "")
    if not uid.isdecimal() or int(uid) == 0:
        return None
    try:
        return pwd.getpwuid(int(uid))
    except KeyError:
        return None


def _can_play(uid: int, gid: int) -> bool:
    try:
        probe = subprocess.run(
            [sys.executable, "-c", "import sys, grpc; open(sys.argv[1]).close()", str(scene.PROGRAMS / "web.py")],
            user=uid,
            group=gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return probe.returncode == 0
