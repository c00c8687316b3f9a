"""The demo's gRPC client: asks for a quote ten times a second and prints each outcome as a line of JSON."""

import json
import time

import grpc
from google.protobuf.wrappers_pb2 import StringValue

INTERVAL_S = 0.1
TIMEOUT_S = 5.0


def main() -> None:
    with grpc.insecure_channel("quote:50051") as channel:
        give = channel.unary_unary(
            "/demo.Quote/Give",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=StringValue.FromString,
        )
        while True:
            began = time.monotonic()
            try:
                give(StringValue(value="asker"), timeout=TIMEOUT_S)
                status = "OK"
            except grpc.RpcError as error:
                status = error.code().name
            print(json.dumps({"at": began, "status": status}), flush=True)
            time.sleep(max(0.0, began + INTERVAL_S - time.monotonic()))


if __name__ == "__main__":
    main()
