"""The demo, a small shop of unmodified programs: its cast, what is seen of it, and its play on Kubernetes.

On a plain machine it is played by the folder `demo/` of the repository, which takes from here what both have in common.
"""
