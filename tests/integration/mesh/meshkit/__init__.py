"""Real meshes for tests: `hauberk up` and `hauberk run` as processes, on addresses and in directories of their own.

    with Mesh(slot, root, binary) as mesh:
        web = mesh.run("web", [sys.executable, "server.py"], ports=["80:8080"]).ready()

Whatever a test waits for, it waits for by `until`: bounded, and with a text that says what did not happen.
"""
