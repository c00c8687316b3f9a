"""Where proxies end TLS themselves."""

from meshkit.tls import identity

DIRECT = 4143
"""The port of direct connections, which have to say what they want by a transport header."""
TRANSPORT = "transport.l5d.io/v1"
NAME = identity("program")
