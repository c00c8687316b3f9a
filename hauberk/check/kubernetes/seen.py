"""What there is in a cluster, as far as it could be read. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hauberk.check.report import Check

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """Objects, or why nobody may see them."""

    documents: Sequence[Document] = ()
    error: str = ""
    """Empty: they were read. What does not exist is no error."""
    hint: str = ""

    @property
    def first(self) -> Document | None:
        return self.documents[0] if self.documents else None


NOTHING = Seen()


def unread(description: str, seen: Seen) -> Check | None:
    """A warning where it could not be looked at. It says nothing about the mesh."""
    return Check(description, "warning", f"it could not be looked at: {seen.error}", seen.hint) if seen.error else None


def joined(several: Iterable[Seen]) -> Seen:
    """All of them as one; one that could not be read spoils it."""
    found = list(several)
    failed = next((seen for seen in found if seen.error), None)
    return failed or Seen(tuple(document for seen in found for document in seen.documents))


def labels_of(document: Document) -> Mapping[str, str]:
    return document["metadata"].get("labels") or {}


def annotations_of(document: Document) -> Mapping[str, str]:
    return document["metadata"].get("annotations") or {}


def called(document: Document) -> str:
    """NAMESPACE/NAME, or the name."""
    metadata = document["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def containers_of(pod: Document) -> Iterator[Document]:
    """What kubelet says of each container, of native sidecars too."""
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def condition(document: Document, kind: str) -> Document:
    """Empty where there is none."""
    conditions = (document.get("status") or {}).get("conditions") or ()
    return next((found for found in conditions if found.get("type") == kind), {})


def ended(pod: Document) -> bool:
    """It has done its work, or is being deleted."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Succeeded", "Failed") or bool(pod["metadata"].get("deletionTimestamp"))
