"""Annotations → the settings of one proxy (`config.linkerd.io/*`). Pure.

What a person writes never means less here than it says. On a plain machine an annotation that makes no sense, or that
is not honoured, refuses the program by name. On a pod it is left out and told about (Linkerd logs it, where nobody
looks), unless the proxy would be less strict without it: then the pod is refused. A list of ports that was to be
skipped, opaque or closed is such a one, and so is a policy: nobody would see that it does not hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hauberk.model.annotations import is_of_the_mesh
from hauberk.sidecar import keys
from hauberk.sidecar.quantity import cores
from hauberk.sidecar.table import TABLE

_NO_HEADERS = ",[{headers}]=off,[{request}]=off"
_FOREVER = "365d"
_ELSEWHERE = frozenset({"linkerd.io/inject"})
"""Honoured by whoever asks for a proxy at all."""


class AnnotationInvalid(Exception):
    """An annotation has a value that makes no sense, or is one that is not honoured."""

    def __init__(self, annotation: str, reason: str) -> None:
        super().__init__(f"{annotation}: {reason}")
        self.annotation = annotation
        self.reason = reason


@dataclass(frozen=True)
class Tuning:
    """Checked values by the key of their annotation; the table's default holds for what is not there."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, key: str) -> str:
        return self.values.get(key, TABLE[key].default)

    def is_on(self, key: str) -> bool:
        return self.of(key) == "true"

    def number(self, key: str) -> int:
        return int(self.of(key))

    def having(self, key: str, value: str) -> "Tuning":
        return Tuning(MappingProxyType({**self.values, key: value}))

    def mapped(self, change: Callable[[str], str]) -> "Tuning":
        """With each value that a person chose put through `change`."""
        return Tuning(MappingProxyType({key: change(value) for key, value in self.values.items()}))

    def variables(self) -> dict[str, str]:
        """By name, without the prefix `LINKERD2_PROXY_`."""
        found = {row.variable: self.of(key) for key, row in TABLE.items() if row.variable and self.of(key)}
        found["LOG"] = self.of(keys.LOG_LEVEL) + ("" if self.of(keys.LOG_HEADERS) == "insecure" else _NO_HEADERS)
        if self.is_on(keys.INBOUND_DETECT_FOREVER):
            found["INBOUND_DETECT_TIMEOUT"] = _FOREVER
        if self.is_on(keys.OUTBOUND_DETECT_FOREVER):
            found["OUTBOUND_DETECT_TIMEOUT"] = _FOREVER
        if self.of(keys.CPU_LIMIT):
            found["CORES"] = str(cores(self.of(keys.CPU_LIMIT)))
        return found


@dataclass(frozen=True)
class Finding:
    """What is wrong with an annotation of a pod or its namespace."""

    key: str
    reason: str
    guards: bool
    """Whether the pod is refused for it."""

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


def tuning_of(annotations: Mapping[str, str], defaults: Mapping[str, str]) -> Tuning:
    """Return the settings of a proxy on a plain machine; `defaults` are the mesh's, by the keys of annotations.

    Raises AnnotationInvalid for the first annotation, by name, that is wrong or not honoured.
    """
    values = dict(defaults)
    for annotation, value in sorted(annotations.items()):
        if not is_of_the_mesh(annotation):
            continue
        row = TABLE.get(annotation)
        if row is None or row.plain is None:
            raise AnnotationInvalid(annotation, "is not honoured for programs started by `hauberk run`; leave it out")
        try:
            values[annotation] = row.plain(value)
        except ValueError as e:
            raise AnnotationInvalid(annotation, str(e)) from None
    return Tuning(MappingProxyType(values))


def tuning_of_pod(annotations: Mapping[str, str], defaults: Mapping[str, str]) -> tuple[Tuning, tuple[Finding, ...]]:
    """Return the settings of a pod's proxy, and what of the annotations is not among them.

    `defaults` are the installation's, by the keys of annotations.
    """
    values, findings = dict(defaults), []
    # Older names first: the newer one is what counts where both are there.
    for annotation, value in sorted(annotations.items(), key=lambda item: (item[0] not in keys.ALIASES, item[0])):
        if not is_of_the_mesh(annotation) or annotation in _ELSEWHERE:
            continue
        checked = _checked(annotation, value)
        if isinstance(checked, Finding):
            findings.append(checked)
        else:
            values[keys.ALIASES.get(annotation, annotation)] = checked
    return Tuning(MappingProxyType(values)), tuple(findings)


def _checked(annotation: str, value: str) -> str | Finding:
    row = TABLE.get(keys.ALIASES.get(annotation, annotation))
    if row is None:
        return Finding(
            annotation, "means nothing on a pod: leave it out, or see whether it is misspelled", guards=False
        )
    try:
        checked = row.check(value)
    except ValueError as error:
        return Finding(annotation, str(error), row.guards)
    if row.lacking and checked != row.default:
        return Finding(annotation, f"is not honoured: {row.lacking}", row.guards)
    return checked


def inherited(annotations: Mapping[str, str]) -> dict[str, str]:
    """Return those of a Namespace's annotations that hold for its programs until their proxies are told by policy.

    Names of ports are known to nobody but the control plane, and left out.
    """
    found = {}
    policy = TABLE[keys.DEFAULT_INBOUND_POLICY]
    if (text := annotations.get(policy.key)) is not None and _is_valid(policy.check, text):
        found[policy.key] = text
    if (listed := annotations.get(keys.OPAQUE_PORTS)) is not None:
        found[keys.OPAQUE_PORTS] = ",".join(part for part in listed.split(",") if part.strip()[:1].isdecimal())
    return found


def _is_valid(check: Callable[[str], str], text: str) -> bool:
    try:
        check(text)
    except ValueError:
        return False
    return True
