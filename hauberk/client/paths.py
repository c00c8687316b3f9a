"""The addresses of objects and collections in a Kubernetes-style API. Pure."""

from urllib.parse import quote

from hauberk.model.kinds import Kind


def collection(kind: Kind, *, namespace: str | None = None) -> str:
    """Return the path of all objects of a kind, of one namespace or (None) of all."""
    root = f"/apis/{kind.group}/{kind.versions[0]}" if kind.group else f"/api/{kind.versions[0]}"
    within = f"/namespaces/{quote(namespace, safe='')}" if kind.namespaced and namespace is not None else ""
    return f"{root}{within}/{kind.plural}"


def item(kind: Kind, name: str, *, namespace: str | None = None, subresource: str | None = None) -> str:
    """Return the path of one object; an object of a namespaced kind needs its namespace."""
    if kind.namespaced and not namespace:
        raise ValueError(f"a {kind.kind} is in a namespace: name it")
    path = f"{collection(kind, namespace=namespace)}/{quote(name, safe='')}"
    return f"{path}/{subresource}" if subresource else path
