"""A document that stands somewhere on the web, fetched once."""

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import urlsplit, urlunsplit

import aiohttp

TIMEOUT_S = 30.0
_REDIRECTS_MAX = 5
_SCHEMES = ("http", "https")


class FetchFailed(Exception):
    """It cannot be had; the message names the address, without what may be secret in it, and says why."""


def is_address(text: str) -> bool:
    """Whether a text is no file but an address on the web."""
    return text.lower().startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))


def shown(url: str) -> str:
    """An address without the password and the query, which may be a secret too."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


async def fetch(url: str, *, most: int, timeout_s: float = TIMEOUT_S) -> bytes:
    """Return what is there, of which no more than `most` bytes are read. Raises FetchFailed.

    Redirects are followed, but not from https to http. The variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY hold.
    """
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(url, max_redirects=_REDIRECTS_MAX) as answer,
        ):
            _check(url, answer)
            return await _read(answer, most)
    except TimeoutError:
        raise FetchFailed(f"{shown(url)} did not come within {timeout_s:g} s") from None
    except aiohttp.TooManyRedirects:
        raise FetchFailed(f"{shown(url)} leads on more than {_REDIRECTS_MAX} times") from None
    except (aiohttp.InvalidURL, ValueError):
        raise FetchFailed(f"{shown(url)} is no address") from None
    except (aiohttp.ClientError, OSError) as error:
        raise FetchFailed(f"{shown(url)} cannot be fetched: {error}") from None


def _check(url: str, answer: aiohttp.ClientResponse) -> None:
    check_hops(url, [*(of.url.scheme for of in answer.history), answer.url.scheme])
    if answer.status != 200:
        raise FetchFailed(f"{shown(url)} cannot be fetched: the server answers {answer.status}")


def check_hops(url: str, schemes: Sequence[str]) -> None:
    """`schemes`: of all addresses that lead on to another, in their order. Raises FetchFailed."""
    if any(before == "https" and after != "https" for before, after in pairwise(schemes)):
        raise FetchFailed(f"{shown(url)} leads from https to http, where anybody may have changed it")


async def _read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    read = bytearray()
    async for chunk in answer.content.iter_any():
        read += chunk
        if len(read) >= most:
            break
    return bytes(read[:most])
