"""A real Kubernetes on this one machine, for tests: API server, controllers, scheduler, and nodes with kubelets.

`python -m cluster build` makes every program from Go modules and every image from those programs. `python -m cluster
up` starts them (root) without systemd, a registry or the internet, and `python -m cluster down` leaves nothing of them.

The control plane runs in the machine's own network and listens on a bridge. Every node is a network namespace on that
bridge with a containerd, a kubelet and a kube-proxy of its own, so the machine's redirects, routes and settings of
forwarding stay as they are, and what crosses nodes is really routed.
"""
