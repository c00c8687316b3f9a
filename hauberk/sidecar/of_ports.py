"""Annotations that say which ports and networks pass the proxy, how, and for whom. Pure."""

from hauberk.model.server import ACCESS_POLICIES
from hauberk.sidecar import keys, syntax
from hauberk.sidecar.annotation import Annotation, everywhere

ROWS = (
    Annotation(key=keys.INBOUND_PORT, meaning="where the proxy listens for peers", check=syntax.port, default="4143"),
    Annotation(key=keys.OUTBOUND_PORT, meaning="where it listens for the program", check=syntax.port, default="4140"),
    Annotation(
        key=keys.ADMIN_PORT, meaning="where it answers probes and shows numbers", check=syntax.port, default="4191"
    ),
    Annotation(key=keys.CONTROL_PORT, meaning="kept free for taps", check=syntax.port, default="4190"),
    Annotation(
        key=keys.POD_INBOUND_PORTS,
        meaning="ports whose policy is asked for at the start, instead of those that the containers name",
        check=syntax.ports,
        variable="INBOUND_PORTS",
    ),
    # The redirect of a plain machine is the runner's; there these two tell clients which ports bypass the proxy.
    everywhere(keys.SKIP_INBOUND_PORTS, "ports that peers reach without the proxy", syntax.few_ports, guards=True),
    everywhere(
        keys.SKIP_OUTBOUND_PORTS, "ports that the program reaches without the proxy", syntax.few_ports, guards=True
    ),
    Annotation(
        key=keys.SKIP_SUBNETS,
        meaning="networks to and from which nothing passes the proxy",
        check=syntax.networks,
        guards=True,
    ),
    Annotation(
        key=keys.OPAQUE_PORTS,
        meaning="ports whose protocol is not detected",
        check=syntax.ports_or_names,
        plain=syntax.ports,
        default="25,587,3306,4444,5432,6379,9300,11211",
        variable="INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION",
        guards=True,
    ),
    everywhere(
        keys.DEFAULT_INBOUND_POLICY,
        "who may talk to ports that no Server selects",
        syntax.word(*ACCESS_POLICIES),
        default="all-unauthenticated",
        variable="INBOUND_DEFAULT_POLICY",
        guards=True,
    ),
    everywhere(
        keys.REQUIRE_IDENTITY,
        "ports for members of the mesh only",
        syntax.ports,
        variable="INBOUND_PORTS_REQUIRE_IDENTITY",
        guards=True,
    ),
)
