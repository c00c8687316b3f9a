"""Where a piece of policy comes from → `io.linkerd.proxy.meta`."""

from hauberk._api.linkerd import meta_pb2
from hauberk.policy.routing import Default, Meta


def metadata(of: Meta) -> meta_pb2.Metadata:
    if isinstance(of, Default):
        return meta_pb2.Metadata(default=of.name)
    return meta_pb2.Metadata(
        resource=meta_pb2.Resource(group=of.group, kind=of.kind, name=of.name, namespace=of.namespace, port=of.port)
    )


def labels(of: Meta) -> dict[str, str]:
    """The older form of the same."""
    if isinstance(of, Default):
        return {"group": "", "kind": "default", "name": of.name}
    return {"group": of.group, "kind": of.kind, "name": of.name}
