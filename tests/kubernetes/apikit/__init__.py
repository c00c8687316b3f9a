"""A real API server for tests: etcd and kube-apiserver and nothing else, on ports and in a directory of their own.

    with ApiServer(directory) as server:
        async with Client(server.endpoint("admin")) as client:
            ...

There are no controllers, no scheduler and no nodes: objects are what tests write, and nobody else changes them.
"""
