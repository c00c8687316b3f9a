import hashlib
def test_one(mesh, client, server):
    server.ready()
    print(client.program(), client.proxy(), client.ip, client.link, client.pod)
    with client.http("server.default.svc.cluster.local") as h:
        print(h.get("/about").json())
    print(client.execute("curl", "-s", "http://server/hi").stdout)
    print(client.execute("/work/main/.venv/bin/python", "/work/main/tests/integration/mesh/programs/caller.py", "server:50051"))
    print(client.admin("/metrics")[1])
