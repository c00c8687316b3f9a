"""Programs in the mesh on this machine: from the words of `hauberk run` to the process that stands beside the program.

In: options of a person, the control plane's answer to an enrollment. Out: a spec file, and an `exec` of
`hauberk-proxy supervise`, which does all that lasts (namespace, redirect, names, readiness, lease).

Invariant: nothing of this package stays resident. `spec.py`, `user.py` and `ports.py` are pure.
"""
