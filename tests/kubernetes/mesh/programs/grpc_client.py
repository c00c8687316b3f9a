"""Calls over one gRPC channel; prints who answered each. Usage: grpc_client.py ADDRESS METHOD TIMES."""

import sys

import grpc

address, method, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
with grpc.insecure_channel(address) as channel:
    call = channel.unary_unary(method)
    for _ in range(times):
        try:
            print(call(b"", timeout=10, wait_for_ready=True).decode())
        except grpc.RpcError as error:
            print(error.code().name)
