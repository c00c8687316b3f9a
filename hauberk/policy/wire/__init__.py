"""Answers ↔ protobuf of `io.linkerd.proxy.inbound` and `…outbound`.

Whatever is built here satisfies the checks of other implementations' proxies: every duration is present, every
distribution has a kind, every backend a queue. The version is appended to an encoded body (concatenated protobuf
messages are one message), so that a body is encoded once for all streams.
"""

from hauberk.policy.wire.inbound import server
from hauberk.policy.wire.outbound import outbound
from hauberk.policy.wire.question import REQUEST_BYTES_MAX, read_port_spec, read_traffic_spec, version_bytes

__all__ = ["REQUEST_BYTES_MAX", "outbound", "read_port_spec", "read_traffic_spec", "server", "version_bytes"]
