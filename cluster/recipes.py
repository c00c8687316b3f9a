"""The images that are made, each of what: built programs and tools of this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cluster import commands, containerd, echo_certificate, mesh, shell
from cluster.contents import Contents
from cluster.places import Places
from hauberk.demo import cast

COREDNS = "hauberk.test/coredns:1.15.0"
TOOLS = "hauberk.test/tools:1"
SERVERS = "hauberk.test/servers:1"
_CONFORMANCE = "registry.k8s.io/gateway-api"


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
    applets = commands.run([shell.program("busybox"), "--list"]).split()
    redirecting = shell.redirecting()
    return Contents(
        files=redirecting.files,
        programs={"/bin/busybox": shell.program("busybox"), **redirecting.programs},
        links={**{f"/bin/{applet}": "busybox" for applet in applets if applet != "busybox"}, **redirecting.links},
        entrypoint=["/bin/sh"],
    )


def servers(places: Places) -> Contents:
    """Programs that others wrote and that know nothing of a mesh: an HTTP server and a database."""
    del places
    names = ("nginx", "redis-server", "redis-cli")
    return Contents(programs={f"/bin/{name}": shell.program(name) for name in names}, user="65532")


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
    "servers": Recipe((SERVERS, cast.NGINX, cast.REDIS), servers),
    "controller": Recipe((mesh.CONTROLLER,), mesh.controller),
    "proxy": Recipe((mesh.PROXY,), mesh.proxy, (mesh.PROGRAM,)),
    # As the conformance suite of the Gateway API names them.
    "echo-basic": Recipe(
        tuple(f"{_CONFORMANCE}/echo-basic:{tag}" for tag in ("v1.5.1", "v1.6.0-dev.2", "v1.6.0-dev.3")),
        echo_basic,
        ("echo-basic",),
    ),
    "echo-advanced": Recipe((f"{_CONFORMANCE}/echo-advanced:v1.5.1",), echo_advanced, ("echo-server", "echo-client")),
}
"""By the name of the archive."""
