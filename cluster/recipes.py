"""The images that are made, each of what: built programs and tools of this machine."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster import commands, containerd, echo_certificate
from cluster.contents import Contents, libraries
from cluster.failure import ClusterFailed
from cluster.places import Places

COREDNS = "hauberk.test/coredns:1.15.0"
TOOLS = "hauberk.test/tools:1"
_CONFORMANCE = "registry.k8s.io/gateway-api"
_MODULES = "/usr/lib/*/xtables"
_IPTABLES = {
    "xtables-nft-multi": ("iptables", "iptables-nft", "iptables-nft-save", "iptables-nft-restore"),
    "xtables-legacy-multi": ("iptables-legacy", "iptables-legacy-save", "iptables-legacy-restore"),
}
"""Programs with the names under which they are different ones."""


@dataclass(frozen=True, slots=True)
class Recipe:
    names: tuple[str, ...]
    contents: Callable[[Places], Contents]
    needs: tuple[str, ...] = ()
    """Built programs without which it is not made."""


def pause(places: Places) -> Contents:
    return Contents(files={"/pause": places.bin / "pause"}, entrypoint=["/pause"], user="65535")


def coredns(places: Places) -> Contents:
    return Contents(files={"/coredns": places.bin / "coredns"}, entrypoint=["/coredns"])


def tools(places: Places) -> Contents:
    """A shell with the usual commands, and what redirects can be made with."""
    del places
    applets = commands.run([_program("busybox"), "--list"]).split()
    modules = sorted(Path("/").glob(_MODULES.lstrip("/")))
    if not modules:
        raise ClusterFailed("iptables' modules are not on this machine. Try: install the package iptables")
    # A module is loaded by a program that knows nothing of what it needs.
    needed = libraries(modules[0] / "libxt_REDIRECT.so")
    return Contents(
        files={str(modules[0]): modules[0], **{path: Path(path).resolve() for path in needed}},
        programs={
            "/bin/busybox": _program("busybox"),
            **{f"/usr/sbin/{name}": _program(name) for name in ("nft", *_IPTABLES)},
        },
        links={
            **{f"/bin/{applet}": "busybox" for applet in applets if applet != "busybox"},
            **{f"/usr/sbin/{name}": program for program, names in _IPTABLES.items() for name in names},
        },
        entrypoint=["/bin/sh"],
    )


def echo_basic(places: Places) -> Contents:
    return Contents(files={"/echo-basic": places.bin / "echo-basic"}, entrypoint=["/echo-basic"], user="65532")


def echo_advanced(places: Places) -> Contents:
    """The suite calls the client by its place, and the server wants a certificate, whoever's."""
    certificate, key = echo_certificate.make(places.images / "echo")
    return Contents(
        files={
            "/usr/local/bin/server": places.bin / "echo-server",
            "/usr/local/bin/client": places.bin / "echo-client",
            "/cert.crt": certificate,
            "/cert.key": key,
        },
        entrypoint=["/usr/local/bin/server"],
    )


RECIPES: Mapping[str, Recipe] = {
    "pause": Recipe((containerd.PAUSE,), pause, ("pause",)),
    "coredns": Recipe((COREDNS,), coredns, ("coredns",)),
    "tools": Recipe((TOOLS,), tools),
    # As the conformance suite of the Gateway API names them.
    "echo-basic": Recipe(
        tuple(f"{_CONFORMANCE}/echo-basic:{tag}" for tag in ("v1.5.1", "v1.6.0-dev.2", "v1.6.0-dev.3")),
        echo_basic,
        ("echo-basic",),
    ),
    "echo-advanced": Recipe((f"{_CONFORMANCE}/echo-advanced:v1.5.1",), echo_advanced, ("echo-server", "echo-client")),
}
"""By the name of the archive."""


def _program(name: str) -> Path:
    found = shutil.which(name, path=commands.search_path(os.environ))
    if found is None:
        raise ClusterFailed(f"{name} is not on this machine. Try: make cluster, which installs its package")
    return Path(found).resolve()
