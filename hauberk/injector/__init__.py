"""Which pods get a proxy, and how it is put beside their programs.

`patch.py` decides, and is pure: a pod and what is known of its place in, the operations of a JSON Patch out.
`server.py` answers the API server with it, and `manifest.py` does the same to files.
"""
