"""The demo: a small shop of unmodified programs in a real mesh, and what the mesh's proxies saw of it.

`python -m demo` (root) plays it until Ctrl-C, `python -m demo --once` for 20 seconds with a verdict. All of it, the
control plane included, lives in network, process and mount namespaces of its own, so the machine is left as it was
however the demo ends.
"""
