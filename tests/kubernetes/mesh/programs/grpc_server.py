"""A gRPC server without a schema: says in which pod it is. Usage: grpc_server.py PORT."""

import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc


class Everything(grpc.GenericRpcHandler):
    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        fails = handler_call_details.method.endswith("/Fail")
        return grpc.unary_unary_rpc_method_handler(refuse if fails else hello)


def hello(_: bytes, __: grpc.ServicerContext) -> bytes:
    return socket.gethostname().encode()


def refuse(_: bytes, context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.NOT_FOUND, "there is none")


server = grpc.server(ThreadPoolExecutor(4), handlers=[Everything()])
server.add_insecure_port(f"0.0.0.0:{sys.argv[1]}")
server.start()
server.wait_for_termination()
