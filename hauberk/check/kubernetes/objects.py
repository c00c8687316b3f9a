"""Is everything there that an installation is made of? Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hauberk.check.kubernetes.rights import lacking
from hauberk.check.kubernetes.seen import Document, Seen, unread
from hauberk.check.report import Category, Check, Outcome, listed, verdict
from hauberk.install.objects import NAMESPACE, RENDERED, Name, name_of

_BINDINGS = ("ClusterRoleBinding", "RoleBinding")
_ROLES = ("ClusterRole", "Role")


@dataclass(frozen=True, kw_only=True)
class Objects:
    """What there should be, and what there is."""

    upgrade: str
    """The command that brings back what is missing."""
    rendered: Sequence[Document]
    """As this version makes them."""
    there: Mapping[Name, Seen]
    """Of each that is rendered."""
    needed_crds: Sequence[str]
    crds: Seen
    same_version: bool = True
    """Whether the installation is of this tool's version. What another one lacks is only to be known."""


def objects(facts: Objects) -> Category:
    kinds = [kind.kind for kind in RENDERED if kind is not NAMESPACE]
    checks = [found for kind in kinds if (found := _exist(facts, kind)) is not None]
    return Category("linkerd-config", [*checks, _definitions(facts), *_rights(facts)])


def _exist(facts: Objects, kind: str) -> Check | None:
    wanted = [name for document in facts.rendered if (name := name_of(document)).kind == kind]
    if not wanted:
        return None
    description = f"the control plane's {_plural(kind)} exist"
    seen = [facts.there.get(name, Seen()) for name in wanted]
    if (failed := _failed(description, seen)) is not None:
        return failed
    missing = [str(name) for name, found in zip(wanted, seen, strict=True) if not found.documents]
    return verdict(description, _missing(missing), facts.upgrade, outcome=_outcome(facts), settles=True)


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _missing(missing: Sequence[str]) -> str:
    return f"missing: {listed(missing)}" if missing else ""


def _definitions(facts: Objects) -> Check:
    description = "the kinds of policy are known (CustomResourceDefinitions)"
    names = {document["metadata"]["name"] for document in facts.crds.documents}
    missing = [name for name in facts.needed_crds if name not in names]
    hint = "hauberk install --crds | kubectl apply --server-side -f -"
    return unread(description, facts.crds) or verdict(description, _missing(missing), hint, settles=True)


def _rights(facts: Objects) -> Iterable[Check]:
    """Whether roles allow what the controllers ask for, and are bound to them."""
    for kinds, description, judge in (
        (_ROLES, "the controllers' roles allow what they need", _narrower),
        (_BINDINGS, "the controllers' roles are bound to them", _unbound),
    ):
        wanted = [document for document in facts.rendered if document["kind"] in kinds]
        pairs = [(document, facts.there.get(name_of(document), Seen())) for document in wanted]
        failed = _failed(description, [seen for _, seen in pairs])
        wrong = [told for document, seen in pairs if seen.first is not None for told in judge(document, seen.first)]
        yield failed or verdict(description, listed(wrong), facts.upgrade, outcome=_outcome(facts))


def _narrower(wanted: Document, there: Document) -> Iterable[str]:
    for right in lacking(wanted.get("rules") or (), there.get("rules") or ()):
        yield f"{name_of(wanted)} lacks: {right}"


def _unbound(wanted: Document, there: Document) -> Iterable[str]:
    if (wanted["roleRef"]["kind"], wanted["roleRef"]["name"]) != (there["roleRef"]["kind"], there["roleRef"]["name"]):
        yield f"{name_of(wanted)} is about {there['roleRef']['kind']} {there['roleRef']['name']}"
    subjects = {_subject(subject) for subject in there.get("subjects") or ()}
    for subject in wanted.get("subjects") or ():
        if _subject(subject) not in subjects:
            yield f"{name_of(wanted)} leaves out {subject['kind']} {subject.get('namespace', '')}/{subject['name']}"


def _subject(subject: Document) -> tuple[str, str, str]:
    return subject["kind"], subject.get("namespace") or "", subject["name"]


def _failed(description: str, several: Iterable[Seen]) -> Check | None:
    return next((check for seen in several if (check := unread(description, seen)) is not None), None)


def _outcome(facts: Objects) -> Outcome:
    return "error" if facts.same_version else "warning"
