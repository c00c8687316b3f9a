"""A gRPC client that waits for a call as long as it is told, and prints what came of each as JSON.

impatient.py TARGET SECONDS
"""

import json
import sys
from collections.abc import Callable

import grpc


def code_of(call: Callable[[], object]) -> str:
    try:
        call()
    except grpc.RpcError as error:
        return str(error.code().name)  # type: ignore[attr-defined]
    return "OK"


def main() -> None:
    target, seconds = sys.argv[1], float(sys.argv[2])
    with grpc.insecure_channel(target) as channel:
        left = channel.unary_unary("/test.Calls/Left")
        wait = channel.unary_unary("/test.Calls/Wait")
        trickle = channel.stream_stream("/test.Calls/Trickle")
        outcomes = {
            "Left": float(left(b"", timeout=100.0)),
            "Wait": code_of(lambda: wait(b"", timeout=seconds)),
            "Trickle": code_of(lambda: list(trickle(iter([b"once"]), timeout=seconds))),
        }
    print(json.dumps(outcomes), flush=True)


if __name__ == "__main__":
    main()
