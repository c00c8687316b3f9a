"""Stacks of a profile: read from `perf script`, counted, and summed up by who wrote the code. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

Stack = tuple[str, ...]
"""Functions, the outermost first."""

_FRAME = re.compile(r"\s+[0-9a-f]+ (?P<function>.*) \((?P<file>[^()]*(?:\([^()]*\))?[^()]*)\)$")
_HASH = re.compile(r"::h[0-9a-f]{16}$")
_OFFSET = re.compile(r"\+0x[0-9a-f]+$")
_GENERIC = re.compile(r"<[^<>]*>")

_PARTS = (
    ("kernel", ("[k]",)),
    ("TLS", ("rustls", "tokio_rustls", "aws_lc", "webpki", "aes_", "gcm_", "bcm_", "EVP_", "GFp_")),
    ("HTTP/2", ("h2::",)),
    ("HTTP/1", ("hyper", "httparse")),
    ("headers", ("http::", "http_body")),
    ("tokio", ("tokio", "mio")),
    ("allocator", ("_rjem_", "je_", "malloc", "free", "calloc", "realloc")),
    ("copying", ("__mem", "memcpy", "memmove", "bytes::")),
    ("Hauberk", ("hauberk",)),
)
OTHERS = "others"


def fold(text: str, titles: Mapping[int, str]) -> Counter[Stack]:
    """How often each stack was seen in the processes that have a title, which becomes the outermost frame.

    `text` is what `perf script -F pid,ip,sym,dso` prints: a line with the process, then its frames, the innermost
    first, then an empty line.
    """
    stacks: Counter[Stack] = Counter()
    for block in text.split("\n\n"):
        lines = block.strip("\n").splitlines()
        if lines and (title := titles.get(int(lines[0].split()[0]))) is not None:
            stacks[title, *reversed(list(_functions(lines[1:])))] += 1
    return stacks


def part_of(function: str) -> str:
    """Who wrote a function, by its name."""
    plain = function.lstrip("<&")
    for part, beginnings in _PARTS:
        if plain.startswith(beginnings) or (part == "kernel" and function.endswith("[k]")):
            return part
    return OTHERS


def shares(stacks: Mapping[Stack, int]) -> dict[str, float]:
    """The part of the time that was spent in each part's own functions, the largest first."""
    counted: Counter[str] = Counter()
    for stack, count in stacks.items():
        counted[part_of(stack[-1])] += count
    return {part: count / counted.total() for part, count in counted.most_common()}


def _functions(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if (found := _FRAME.match(line)) is not None:
            in_kernel = "kernel" in found["file"] or found["file"].endswith(".ko")
            yield _named(found["function"], in_kernel=in_kernel)


def _named(function: str, *, in_kernel: bool) -> str:
    """Without what makes two stacks differ that do not: hashes, offsets, types of generics."""
    name = _HASH.sub("", _OFFSET.sub("", function))
    while (shorter := _GENERIC.sub("", name)) != name and not shorter.startswith("::"):
        name = shorter
    return f"{name.replace(';', ':')}{' [k]' if in_kernel else ''}"
