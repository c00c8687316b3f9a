"""The control plane on Kubernetes: one process for each of its three Deployments.

`identity.py` says who everyone is, `destination.py` where everyone is and who may talk to whom, `injector.py` puts
proxies beside programs. `running.py` is what their lives have in common.
"""
