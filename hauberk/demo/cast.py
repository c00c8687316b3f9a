"""Who plays: the programs, how each is started, and who is expected to call whom. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NGINX = "docker.io/library/nginx:1.28.0-alpine"
REDIS = "docker.io/library/redis:7.4.2-alpine"
PYTHON = "python"
IMAGES: Mapping[str, str | None] = {PYTHON: None, "nginx": NGINX, "redis": REDIS}
"""On Kubernetes, by what they have. None is the control plane's, which has all that the demo's own programs need."""
KILLED = "web-1"
"""The replica that leaves in the middle of it all."""
ADDED = "web-4"
"""The one that comes later."""
BROKEN = "web-3"
"""The one that fails now and then, on purpose."""


@dataclass(frozen=True)
class Home:
    """Where it is played."""

    namespace: str
    identity_suffix: str
    """All that follows the namespace in an identity."""

    def identity(self, account: str) -> str:
        """The identity of a service account of the demo."""
        return f"{account}.{self.namespace}{self.identity_suffix}"


@dataclass(frozen=True)
class Role:
    """One program in the mesh."""

    key: str
    """Unique in the demo; also the label `replica` of the pod."""
    service: str
    """What replicas have in common: the label `app`, the account, and the Service if there is a port."""
    argv: tuple[str, ...]
    """`{python}` and `{programs}` stand for an interpreter and the folder of the demo's own programs."""
    port: str | None = None
    """As `hauberk run --port` takes it: that of the Service and, after a colon, the program's own."""
    http_path: str | None = None
    """Asked to tell whether the program is ready; None asks for a TCP connection."""
    env: Mapping[str, str] = field(default_factory=dict)
    version: str = "stable"
    """The label of that name, on Kubernetes."""
    image: str = PYTHON
    """On Kubernetes, one of IMAGES."""

    def line(self, *, python: str, programs: str) -> list[str]:
        """The program with its arguments."""
        return [word.format(python=python, programs=programs) for word in self.argv]

    @property
    def ports(self) -> tuple[int, int] | None:
        """The Service's and the program's."""
        if self.port is None:
            return None
        outer, _, inner = self.port.partition(":")
        return int(outer), int(inner or outer)


def _python(program: str) -> tuple[str, ...]:
    return ("{python}", f"{{programs}}/{program}")


def _web(key: str, version: str = "stable", **env: str) -> Role:
    return Role(key, "web", _python("web.py"), "80:8080", "/health", {"REPLICA": key, **env}, version)


BACKENDS = (
    Role(
        "assets-1",
        "assets",
        ("nginx", "-p", ".", "-e", "stderr", "-c", "{programs}/nginx.conf"),
        "80:8080",
        image="nginx",
    ),
    Role(
        "cache-1",
        "cache",
        ("redis-server", "--port", "6379", "--save", "", "--appendonly", "no", "--protected-mode", "no"),
        "6379",
        image="redis",
    ),
    Role("quote-1", "quote", _python("quote.py"), "50051"),
)
WEB = (_web(KILLED), _web("web-2", DELAY_MS="40"), _web(BROKEN, "broken", FAIL_EVERY="10"))
NEW_WEB = _web(ADDED)
CLIENTS = (
    Role("asker-1", "asker", _python("asker.py")),
    Role("load-1", "load", _python("load.py")),
    Role("intruder-1", "intruder", _python("intruder.py")),
)

ALLOWED = (("load", "web"), ("web", "assets"), ("web", "cache"), ("web", "quote"), ("asker", "quote"))
"""The edges that must carry traffic, as (client, server)."""
REFUSED = ("intruder", "web")


def keys(roles: Sequence[Role]) -> list[str]:
    return [role.key for role in roles]
