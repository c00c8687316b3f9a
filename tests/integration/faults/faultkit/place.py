"""Where a relay stands: which connections the packet filter of a namespace sends through it (nft(8))."""

import subprocess
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

from meshkit.workload import PROXY_UID, Workload

from faultkit.relay import MARK, Relay

# Before the mesh's own rules, which leave the proxy's connections alone.
_TABLE = """
table inet {name} {{
  chain output {{
    type nat hook output priority -110; policy accept;
    meta mark {mark} return
    meta skuid {uid} ip daddr {ip} tcp dport {{ {ports} }} redirect to :{port}
  }}
}}
"""


@contextmanager
def between_proxies(client: Workload, server: Workload) -> Iterator[Relay]:
    """In the way of the connections from the client's proxy to the server's."""
    with _placed(client, server, ("1-65535",)) as relay:
        yield relay


@contextmanager
def before_program(server: Workload, *ports: int) -> Iterator[Relay]:
    """In the way of the connections from a proxy to its own program."""
    with _placed(server, server, [str(port) for port in ports]) as relay:
        yield relay


@contextmanager
def lost(client: Workload, server: Workload) -> Iterator[None]:
    """Every packet between the two is dropped, as if one of them had no current any more."""
    drop = "  chain {hook} {{ type filter hook {hook} priority -300; ip {end} {ip} drop; }}\n"
    chains = [
        drop.format(hook="output", end="daddr", ip=server.ip),
        drop.format(hook="input", end="saddr", ip=server.ip),
    ]
    with _table(client, "lost", "table inet lost {\n" + "".join(chains) + "}\n"):
        yield


@contextmanager
def _placed(where: Workload, server: Workload, ports: Collection[str]) -> Iterator[Relay]:
    with ExitStack() as stack:
        relay = stack.enter_context(Relay(where.program()))
        name = f"relay{relay.port}"
        values = {"name": name, "mark": MARK, "uid": PROXY_UID, "ip": server.ip, "port": relay.port}
        stack.enter_context(_table(where, name, _TABLE.format(ports=", ".join(ports), **values)))
        yield relay


@contextmanager
def _table(where: Workload, name: str, rules: str) -> Iterator[None]:
    inside = ["nsenter", "--target", str(where.program()), "--net", "nft"]
    subprocess.run([*inside, "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run([*inside, "delete", "table", "inet", name], check=True)
