"""The ports of the tests' programs, one for each kind, so that what proxies keep for one is not another's."""

HTTP1 = 7001
GRPC = 7002
ONE_ANSWER = 7003
SLOW = 7004
CHUNKED = 7005
BULK = 7006
OPAQUE_BULK = 7007
"""The same, but that it is opaque to the proxies: they carry its bytes in one TLS connection each, as they are."""
SLOW_HTTP2 = 7008
HELD = 7009
NOBODY = 7010
ECHO = 7011
BULK_HTTP2 = 7012

PORTS = (HTTP1, GRPC, ONE_ANSWER, SLOW, CHUNKED, BULK, OPAQUE_BULK, SLOW_HTTP2, HELD, NOBODY, ECHO, BULK_HTTP2)
OPAQUE = f"config.linkerd.io/opaque-ports={OPAQUE_BULK}"
