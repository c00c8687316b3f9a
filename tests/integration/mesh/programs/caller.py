"""A gRPC client: makes one call of each kind and prints what came of it as JSON. Knows nothing of the mesh.

caller.py TARGET [CALL...]
"""

import json
import sys
from collections.abc import Iterator

import grpc

TIMEOUT_S = 20.0
BIG = b"x" * 200_000


def calls(channel: grpc.Channel) -> dict[str, tuple[object, object]]:
    """Each with what it is told."""
    return {
        "Unary": (channel.unary_unary("/test.Calls/Unary"), b"hello"),
        "Fail": (channel.unary_unary("/test.Calls/Fail"), b"what, 100 % gone?"),
        "Down": (channel.unary_stream("/test.Calls/Down"), b"200"),
        "Up": (channel.stream_unary("/test.Calls/Up"), [BIG] * 20),
        "Both": (channel.stream_stream("/test.Calls/Both"), [b"%d" % n for n in range(200)]),
    }


def outcome(method: object, told: object) -> dict[str, object]:
    call = None
    got: list[str] = []
    try:
        request = iter(told) if isinstance(told, list) else told
        if isinstance(method, grpc.UnaryUnaryMultiCallable | grpc.StreamUnaryMultiCallable):
            reply, call = method.with_call(request, timeout=TIMEOUT_S)
            got = [reply.decode()]
        else:
            call = method(request, timeout=TIMEOUT_S)  # type: ignore[operator]
            got = [message.decode() for message in call]
    except grpc.RpcError as error:
        call = error
    trailers = {key: value if isinstance(value, str) else value.hex() for key, value in _metadata(call)}
    return {"code": call.code().name, "details": call.details(), "got": got, "trailers": trailers}  # type: ignore[union-attr]


def _metadata(call: object) -> Iterator[tuple[str, str | bytes]]:
    yield from call.trailing_metadata() or ()  # type: ignore[attr-defined]


def main() -> None:
    target, *wanted = sys.argv[1:]
    with grpc.insecure_channel(target) as channel:
        known = calls(channel)
        print(json.dumps({name: outcome(*known[name]) for name in wanted or known}), flush=True)


if __name__ == "__main__":
    main()
