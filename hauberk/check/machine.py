"""Can programs of this machine enter the mesh? Pure."""

from dataclasses import dataclass

from hauberk.check.report import Category, Check, verdict

_PACKAGES = {"ip": "iproute2", "nft": "nftables"}


@dataclass(frozen=True, slots=True)
class MachineFacts:
    proxy_error: str | None
    """Why the proxy's binary was not found; None: it was."""
    proxy_hint: str
    missing_tools: tuple[str, ...]
    """Of `ip` and `nft`, those that are not installed."""


def machine(facts: MachineFacts) -> Category:
    packages = ", ".join(_PACKAGES.get(tool, tool) for tool in facts.missing_tools)
    missing = " and ".join(facts.missing_tools)
    return Category(
        "hauberk-machine",
        (
            verdict("the proxy is installed", facts.proxy_error, facts.proxy_hint),
            Check("ip and nft are installed")
            if not missing
            else Check(
                "ip and nft are installed",
                "warning",
                f"{missing} not found: `hauberk run` needs them",
                f"apt-get install {packages}, or what your system calls them",
            ),
        ),
    )
