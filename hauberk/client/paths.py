"""The addresses of objects and collections in a Kubernetes-style API. Pure."""

from urllib.parse import quote

from hauberk.client.kinds import ApiKind


def collection(kind: ApiKind, *, namespace: str | None = None, version: str | None = None) -> str:
    """Return the path of all objects of a kind, of one namespace or (None) of all; in the first version, or another."""
    root = f"/apis/{kind.group}" if kind.group else "/api"
    within = f"/namespaces/{quote(namespace, safe='')}" if kind.namespaced and namespace is not None else ""
    return f"{root}/{version or kind.versions[0]}{within}/{kind.plural}"


def item(
    kind: ApiKind,
    name: str,
    *,
    namespace: str | None = None,
    subresource: str | None = None,
    version: str | None = None,
) -> str:
    """Return the path of one object; an object of a namespaced kind needs its namespace."""
    if kind.namespaced and not namespace:
        raise ValueError(f"a {kind.kind} is in a namespace: name it")
    path = f"{collection(kind, namespace=namespace, version=version)}/{quote(name, safe='')}"
    return f"{path}/{subresource}" if subresource else path
