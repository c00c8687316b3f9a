"""Finding the control plane of this machine: the first socket that somebody answers on."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from hauberk.client.endpoint import UnixEndpoint
from hauberk.client.errors import Unreachable

_CONNECT_TIMEOUT_S = 5.0


async def locate(candidates: Sequence[Path]) -> UnixEndpoint:
    """Return the first of `candidates` that accepts a connection.

    Raises Unreachable, which says for each place what was wrong with it and what to do next.
    """
    looked: list[str] = []
    denied = False
    for path in candidates:
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                _, writer = await asyncio.open_unix_connection(path)
        except FileNotFoundError:
            looked.append(f"{path}: no such socket")
        except PermissionError:
            denied = True
            looked.append(f"{path}: permission denied")
        except (OSError, TimeoutError) as e:
            looked.append(f"{path}: {getattr(e, 'strerror', None) or 'no answer'}")
        else:
            writer.close()
            return UnixEndpoint(path)
    raise Unreachable("the control plane does not answer", looked=looked, hint=hint_for(denied=denied))


def hint_for(*, denied: bool) -> str:
    """The next step for a person whose control plane does not answer."""
    if denied:
        return "run this command as the user who started `hauberk up`, or as root"
    return "start it with `hauberk up`, or name its socket with HAUBERK_SOCKET"
