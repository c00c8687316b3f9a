"""May this person install a mesh, and will the cluster take it? Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from hauberk.check.kubernetes.clocks import Clocks, clocks
from hauberk.check.kubernetes.meshes import before
from hauberk.check.kubernetes.nodes import nodes
from hauberk.check.kubernetes.seen import Document, Seen
from hauberk.check.report import Category, Check, listed, verdict

_NAME = "pre-kubernetes-setup"
_TRY = "kubectl -n NAMESPACE run try --image=none --dry-run=server says whether pods can be made there"


@dataclass(frozen=True, slots=True)
class Permission:
    """What the API server said about one right of the person."""

    what: str
    """As in `create deployments.apps -n hauberk`."""
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of an object that was tried and not kept (a dry run)."""

    what: str
    error: str = ""
    """Empty: it would have been taken."""
    unknown: bool = False
    """It could not be tried, which says nothing."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What is known before an installation."""

    namespace: str
    rendered: Sequence[Document]
    configs: Seen
    injecting: Seen
    permissions: Sequence[Permission]
    roles: Sequence[Trial] = ()
    """Roles: nobody may give rights that he does not have (RBAC's escalation)."""
    plain: Trial
    """A pod like the control plane's."""
    clocks: Clocks
    nodes: Seen
    redirecting: Trial | None
    """A pod whose init container writes a redirect; None: a plugin writes it."""


def preparing(facts: Preparation) -> Category:
    return Category(
        _NAME,
        (
            *before(facts.configs, facts.injecting, facts.namespace, facts.rendered),
            _permitted(facts.permissions),
            _given(facts.roles),
            _admitted(
                "PodSecurity admits the control plane",
                facts.plain,
                f"kubectl label --overwrite namespace {facts.namespace} pod-security.kubernetes.io/enforce=restricted "
                f"is all that it needs: see what else refuses it",
                refuses=True,
            ),
            *([] if facts.redirecting is None else [_redirecting(facts.redirecting)]),
            *nodes(facts.nodes),
            clocks(facts.clocks),
        ),
    )


def _permitted(permissions: Sequence[Permission]) -> Check:
    refused = [
        found.what + (f" ({found.reason})" if found.reason else "") for found in permissions if not found.allowed
    ]
    hint = "whoever runs the cluster can install it, or give you the rights: kubectl auth can-i " + (
        next((found.what for found in permissions if not found.allowed), "")
    )
    error = f"you may not {listed(refused)}" if refused else None
    return verdict("you may create what `hauberk install` prints", error, hint)


def _given(roles: Sequence[Trial]) -> Check:
    description = "you may give the controllers their rights"
    refused = [f"{trial.what}: {trial.error}" for trial in roles if trial.error and not trial.unknown]
    hint = "nobody may give rights that he does not have: whoever is cluster-admin can install it"
    return verdict(description, listed(refused, most=1), hint)


def _redirecting(trial: Trial) -> Check:
    return _admitted(
        "PodSecurity admits the redirect's init container",
        trial,
        "namespaces of programs need the label pod-security.kubernetes.io/enforce=privileged, or install with "
        "--set cni.enabled=true, which needs no capability in pods",
        refuses=False,
    )


def _admitted(description: str, trial: Trial, hint: str, *, refuses: bool) -> Check:
    if trial.unknown:
        return Check(description, "warning", f"it could not be tried: {trial.error}", _TRY)
    return verdict(description, trial.error, hint, outcome="error" if refuses else "warning")
