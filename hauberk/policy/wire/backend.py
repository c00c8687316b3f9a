"""Where traffic goes → `io.linkerd.proxy.outbound.Backend`."""

from datetime import timedelta
from ipaddress import ip_address
from typing import assert_never

from hauberk._api.linkerd import destination_pb2, net_pb2
from hauberk._api.linkerd import outbound_pb2 as out
from hauberk.policy.outbound_policy import Backend, Balance, Forward, Nowhere
from hauberk.policy.wire.meta import metadata
from hauberk.policy.wire.net import address

QUEUE = out.Queue(capacity=100, failfast_timeout=timedelta(seconds=3))
PEAK_EWMA = out.Backend.BalanceP2c.PeakEwma(default_rtt=timedelta(milliseconds=30), decay=timedelta(seconds=10))
FORWARD_WEIGHT = 1


def backend(of: Backend) -> out.Backend:
    message = out.Backend(metadata=metadata(of.meta), queue=QUEUE)
    match of.target:
        case Balance(path=path):
            discovery = out.Backend.EndpointDiscovery(dst=out.Backend.EndpointDiscovery.DestinationGet(path=path))
            message.balancer.CopyFrom(out.Backend.BalanceP2c(discovery=discovery, peak_ewma=PEAK_EWMA))
        case Forward(ip=ip, port=port):
            message.forward.CopyFrom(
                destination_pb2.WeightedAddr(
                    addr=net_pb2.TcpAddress(ip=address(ip_address(ip)), port=port), weight=FORWARD_WEIGHT
                )
            )
        case Nowhere():
            pass
        case unknown:
            assert_never(unknown)
    return message
