"""A long way between two sides on one machine."""

import subprocess

from bench import inside
from bench.ports import LOOPBACK
from bench.processes import LOAD_CORE, Processes, in_network_of
from hauberk.host.user import PROXY_UID

ONE_WAY_MS = 10
"""So that a round trip takes 20 ms."""
_OTHER_GID = 65534
"""The long way itself is told from the proxy, whose bytes are sent through it, by its group."""


def lay(processes: Processes, beside: int, listen: int, target: str) -> None:
    """A long way that begins at a port of the network of `beside`."""
    argv = [str(inside.BIN / "delay"), f"{LOOPBACK}:{listen}", target, str(ONE_WAY_MS)]
    as_other = ["setpriv", f"--reuid={PROXY_UID}", f"--regid={_OTHER_GID}", "--clear-groups", *argv]
    processes.start(f"delay-{listen}", in_network_of(beside, as_other, core=LOAD_CORE))


def divert(beside: int, host: str, port: int, way: int) -> None:
    """From now on the connections that the proxy of a workload opens to one address take the long way from port `way`.

    Those that are open already keep theirs.
    """
    rules = f"""
table ip bench {{
  chain far {{
    type nat hook output priority -110; policy accept;
    meta skuid {PROXY_UID} meta skgid != {_OTHER_GID} ip daddr {host} tcp dport {port} redirect to :{way}
  }}
}}
"""
    nft = ["nsenter", f"--net=/proc/{beside}/ns/net", "--", "nft", "-f", "-"]
    subprocess.run(nft, input=rules, text=True, check=True)
