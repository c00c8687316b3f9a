"""Who may call what, by uid."""

import pytest

from hauberk.apiserver.access import refusal, runner_may
from hauberk.apiserver.target import Target
from hauberk.model.kinds import KINDS

OWNER, STRANGER = 1000, 1001
ROOT = 0
VERBS = ("create", "update", "patch", "delete", "deletecollection")
KIND = {(kind.group, kind.kind): kind for kind in KINDS if kind.on_machines}


def may(uid: int, verb: str, kind: tuple[str, str], subresource: str | None = None) -> bool:
    target = Target(KIND[kind], KIND[kind].versions[0], "default", "x", subresource)
    return refusal(uid, owner_uid=OWNER, target=target, verb=verb) is None


@pytest.mark.parametrize("kind", KIND)
def test_strangers_read_and_change_nothing(kind: tuple[str, str]) -> None:
    assert all(may(STRANGER, verb, kind) for verb in ("get", "list", "watch"))
    changes = {
        (verb, subresource)
        for verb in VERBS
        for subresource in (None, "status", "token")
        if may(STRANGER, verb, kind, subresource)
    }
    # What a runner does is decided by the ServiceAccount of its workload.
    runners = {
        ("", "Pod"): {("update", "status"), ("patch", "status"), ("delete", None)},
        ("", "ServiceAccount"): {("create", "token")},
    }
    assert changes == runners.get(kind, set())


@pytest.mark.parametrize("uid", [ROOT, OWNER])
@pytest.mark.parametrize("kind", KIND)
def test_administrators_change_everything_but_what_the_mesh_makes(uid: int, kind: tuple[str, str]) -> None:
    assert all(may(uid, verb, kind) for verb in ("create", "update", "patch")) == KIND[kind].writable
    assert may(uid, "deletecollection", kind) == KIND[kind].writable


def test_a_runner_touches_neither_other_kinds_nor_other_parts() -> None:
    pod = Target(KIND["", "Pod"], "v1", "default", "x")
    service = Target(KIND["", "Service"], "v1", "default", "x", "status")
    assert not any(runner_may(pod, verb) for verb in ("create", "update", "patch", "deletecollection"))
    assert not runner_may(service, "update")
