"""Which containers there are. Each is imported only where it runs."""

from importlib import import_module

from hauberk.app.controllers.running import Live

NAMES = ("identity", "destination", "injector")
"""Each has a module here, with a function of that name."""


def named(name: str) -> Live:
    """Raises KeyError."""
    if name not in NAMES:
        raise KeyError(f"there is no container {name}")
    live: Live = getattr(import_module(f"hauberk.app.controllers.{name}"), name)
    return live
