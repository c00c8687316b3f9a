"""The demo's gRPC service: one unary method, standard grpcio, no TLS of its own."""

import itertools
from concurrent import futures

import grpc
from google.protobuf.wrappers_pb2 import StringValue

SAYINGS = itertools.cycle(
    (
        "Simplicity is prerequisite for reliability.",
        "The network is reliable: the first fallacy.",
        "Make it work, make it right, make it fast.",
    ),
)


def give(request: StringValue, context: grpc.ServicerContext) -> StringValue:
    del context
    return StringValue(value=f"{next(SAYINGS)} (for {request.value})")


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    method = grpc.unary_unary_rpc_method_handler(
        give,
        request_deserializer=StringValue.FromString,
        response_serializer=StringValue.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("demo.Quote", {"Give": method}),))
    server.add_insecure_port("[::]:50051")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
