"""Whether the rules of one role are within those of another (rbac.authorization.k8s.io/v1). Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hauberk.check.kubernetes.seen import Document

ANY = "*"


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource, or on one path."""

    verb: str
    resource: str = ""
    """With its subresource, as in `deployments/status`."""
    group: str = ""
    name: str = ANY
    """Of the one object; `*`: of all."""
    path: str = ""
    """Of what is no resource; then all of the others are empty."""

    def __str__(self) -> str:
        if self.path:
            return f"{self.verb} {self.path}"
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {resource}" + ("" if self.name == ANY else f" {self.name}")


def lacking(wanted: Iterable[Document], there: Iterable[Document]) -> list[Right]:
    """What the rules that are there do not allow of what is wanted."""
    have = list(there)
    return [right for rule in wanted for right in rights(rule) if not any(_allows(rule, right) for rule in have)]


def rights(rule: Document) -> Iterator[Right]:
    """One by one."""
    for verb in rule.get("verbs") or ():
        for path in rule.get("nonResourceURLs") or ():
            yield Right(verb, path=path, name="")
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                for name in rule.get("resourceNames") or (ANY,):
                    yield Right(verb, resource, group, name)


def _allows(rule: Document, right: Right) -> bool:
    """As Kubernetes' own RBAC authorizer decides."""
    if not _among(right.verb, rule.get("verbs") or ()):
        return False
    if right.path:
        paths: Sequence[str] = rule.get("nonResourceURLs") or ()
        return any(right.path == path or (path.endswith(ANY) and right.path.startswith(path[:-1])) for path in paths)
    names: Sequence[str] = rule.get("resourceNames") or ()
    return (
        _among(right.group, rule.get("apiGroups") or ())
        and _is_resource(right.resource, rule.get("resources") or ())
        and (not names or right.name in names)
    )


def _among(word: str, words: Sequence[str]) -> bool:
    return word in words or ANY in words


def _is_resource(resource: str, resources: Sequence[str]) -> bool:
    _, slash, subresource = resource.partition("/")
    return _among(resource, resources) or bool(slash and f"{ANY}/{subresource}" in resources)
