"""Clients and servers that say exactly what a test wants, on both sides of real proxies.

The servers' sockets are opened in the network namespace of a workload, so that its proxy stands before them.
"""
