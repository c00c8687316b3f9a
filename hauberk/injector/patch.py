"""A pod, and what is known around it → the operations that put a proxy beside its programs, or why not. Pure."""

from collections.abc import Mapping
from typing import Any

from hauberk.injector import containers, notes
from hauberk.injector.asked import Declined, asked
from hauberk.injector.concerns import concerns, fitted, opaque
from hauberk.injector.installation import Installation
from hauberk.injector.operations import add, behind, by_name, entries, in_front
from hauberk.injector.outcome import Injected, Operation, Outcome, Reason, Refused, Skipped
from hauberk.injector.ports import inbound_ports
from hauberk.injector.subject import Owner, Place, Spec, Subject, SubjectInvalid, read
from hauberk.injector.volumes import volumes
from hauberk.sidecar import keys
from hauberk.sidecar.tuning import Tuning, tuning_of_pod


def patch(pod: Mapping[str, Any], place: Place, owner: Owner | None, installation: Installation) -> Outcome:
    """Decide on a Pod, or on the template of one.

    `owner` is the workload on top (of a ReplicaSet its Deployment). The operations fit the object as it is, and nothing
    else of it changes.
    """
    try:
        subject = read(pod)
    except SubjectInvalid as error:
        return Refused(reasons=(f"this is no pod: {error}",), annotation_at="")
    found = asked(subject, place, mesh_namespace=installation.namespace)
    if isinstance(found, Declined):
        protected = found.reason is Reason.PROTECTED
        noted = {} if protected else notes.of_place(subject, place)
        return Skipped(reason=found.reason, operations=_annotated(subject, noted), annotation_at=found.at)
    spec = subject.spec or Spec()
    tuning, findings = tuning_of_pod(_settings(subject, place), installation.defaults)
    tuning, unfit = fitted(spec, tuning)
    tuning, nameless = opaque(spec, tuning, own=keys.OPAQUE_PORTS in subject.annotations)
    judged = [*unfit, *nameless, *concerns(spec, tuning, place.name, installation)]
    fatal = [str(finding) for finding in findings if finding.guards] + [c.text for c in judged if c.fatal]
    if fatal:
        return Refused(reasons=tuple(fatal), annotation_at=found.at)
    told = [str(finding) for finding in findings] + [c.text for c in judged]
    return Injected(
        operations=_operations(subject, spec, place, owner, tuning, installation, ingress=found.ingress),
        warnings=tuple(told),
        annotation_at=found.at,
    )


def note(document: Mapping[str, Any], place: Place) -> list[Operation]:
    """What a Service, or a pod without a proxy, tells its clients: the opaque ports of its namespace.

    Raises SubjectInvalid.
    """
    subject = read(document)
    return _annotated(subject, notes.of_place(subject, place))


def _settings(subject: Subject, place: Place) -> dict[str, str]:
    """The namespace's annotations and the pod's, whose own win."""
    own = notes.canonical(subject.annotations)
    settings = {key: value for key, value in place.annotations.items() if key.startswith("config.") and key not in own}
    return {**settings, **subject.annotations}


def _operations(
    subject: Subject,
    spec: Spec,
    place: Place,
    owner: Owner | None,
    tuning: Tuning,
    installation: Installation,
    *,
    ingress: bool,
) -> list[Operation]:
    native, by_plugin = tuning.is_on(keys.NATIVE_SIDECAR), installation.values.cni.enabled
    proxy = containers.proxy(tuning, inbound_ports(spec), installation, ingress=ingress)
    preparing = _preparing(tuning, installation)
    labels = notes.labels(place, owner, installation)
    return [
        *_annotated(subject, notes.annotations(subject, place, tuning, installation, ingress=ingress)),
        *entries(("metadata", "labels"), subject.metadata.labels if subject.metadata else None, labels),
        *([add(("spec",), {})] if subject.spec is None else []),
        *by_name(
            ("spec", "volumes"),
            None if spec.volumes is None else [v.name for v in spec.volumes],
            volumes(locks=not by_plugin),
        ),
        *_prepared(spec, preparing, proxy, native=native, first=native or by_plugin),
        *([] if native else in_front(("spec", "containers"), spec.containers, [proxy])),
        *_debugged(spec, tuning),
    ]


def _preparing(tuning: Tuning, installation: Installation) -> list[containers.Container]:
    """What has to end before the proxy begins."""
    if containers.validates(tuning, installation):
        return []
    by_plugin = installation.values.cni.enabled
    return [containers.validator(tuning, installation) if by_plugin else containers.redirect(tuning, installation)]


def _prepared(
    spec: Spec, preparing: list[containers.Container], proxy: containers.Container, *, native: bool, first: bool
) -> list[Operation]:
    """Before all others, which then have a network. A proxy that comes after them must not be redirected to yet."""
    path, wanted = ("spec", "initContainers"), [*preparing, proxy] if native else preparing
    return in_front(path, spec.init_containers, wanted) if first else behind(path, spec.init_containers, wanted)


def _debugged(spec: Spec, tuning: Tuning) -> list[Operation]:
    if not tuning.is_on(keys.DEBUG) or any(container.name == containers.DEBUG for container in spec.programs):
        return []
    return behind(("spec", "containers"), spec.containers, [containers.debug(tuning)])


def _annotated(subject: Subject, wanted: Mapping[str, str]) -> list[Operation]:
    if subject.metadata is None:
        return [add(("metadata",), {"annotations": dict(wanted)})] if wanted else []
    return entries(("metadata", "annotations"), subject.metadata.annotations, wanted)
