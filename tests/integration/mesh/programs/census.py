"""A gRPC client that counts who answers: calls a method many times and prints the counts as JSON.

census.py TARGET METHOD TIMES
"""

import json
import sys
from collections import Counter

import grpc

TIMEOUT_S = 10.0


def main() -> None:
    target, method, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    answers: Counter[str] = Counter()
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary(method)
        for _ in range(times):
            try:
                answers[call(b"", timeout=TIMEOUT_S).decode()] += 1
            except grpc.RpcError as error:
                answers[error.code().name] += 1  # type: ignore[attr-defined]
    print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main()
