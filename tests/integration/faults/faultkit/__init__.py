"""A fault relay between real proxies, and programs that count what reached them.

The relay is in the place of a path over a network: the packet filter of one workload's namespace sends connections
through it, so that no proxy is told of it, and each keeps the addresses that it would have without it.
"""
