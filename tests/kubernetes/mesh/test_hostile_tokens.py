"""Whoever wants an identity that is not theirs gets none, and somebody can see that they tried."""

import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from podkit import objects
from podkit.asking import identity
from podkit.certifying import AUDIENCE, Answer, Desk, rewritten, token
from podkit.kubectl import Kubectl, until
from podkit.mesh import CONTROL, Namespace, would_be

from hauberk.runtime.clock import SystemClock

REFUSED = grpc.StatusCode.FAILED_PRECONDITION
LOCAL_NAME = "LINKERD2_PROXY_IDENTITY_LOCAL_NAME"
VICTIM, THIEF = "victim", "thief"
_ATTEMPTS = 3
"""Refusals after which a proxy that would be believed in the end would have been."""
_HOUR_S = 3600


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> str:
    name = namespace()
    kubectl.apply(*objects.placed([objects.account(VICTIM), objects.account(THIEF)], name))
    return name


@pytest.fixture(scope="module")
def desk(kubectl: Kubectl, mesh: str) -> Desk:
    return Desk(kubectl, mesh)


@pytest.fixture(scope="module")
def genuine(kubectl: Kubectl, home: str) -> str:
    return token(kubectl, home, VICTIM)


def test_a_token_gives_its_own_identity_and_no_other(kubectl: Kubectl, home: str, desk: Desk, genuine: str) -> None:
    victim = identity(VICTIM, home)
    assert desk.certify(victim, genuine.encode()).names == [victim]
    before = desk.refused("identity")
    answer = desk.certify(victim, token(kubectl, home, THIEF).encode())
    assert answer.code == REFUSED
    assert identity(THIEF, home) in answer.details, "it says whose the token is"
    assert desk.refused("identity") == before + 1
    assert desk.certify(identity(VICTIM, CONTROL), genuine.encode()).code == REFUSED
    assert desk.certify(identity("linkerd-destination", CONTROL), genuine.encode()).code == REFUSED


def forged(kubectl: Kubectl, home: str, genuine: str) -> bytes:
    """By a key of somebody else, with the claims of a genuine one."""
    del home
    return rewritten(kubectl, genuine, rsa.generate_private_key(public_exponent=65537, key_size=2048))


def altered(kubectl: Kubectl, home: str, genuine: str) -> bytes:
    """The thief's signature under the victim's claims."""
    head, body, _ = genuine.split(".")
    return f"{head}.{body}.{token(kubectl, home, THIEF).rsplit('.', 1)[1]}".encode()


def unsigned(kubectl: Kubectl, home: str, genuine: str) -> bytes:
    del kubectl, home
    return f"eyJhbGciOiJub25lIn0.{genuine.split('.')[1]}.".encode()


def expired(kubectl: Kubectl, home: str, genuine: str) -> bytes:
    """By the cluster's own key: nothing is wrong with it but the time."""
    del home
    past = int(SystemClock().now().timestamp()) - _HOUR_S
    return rewritten(kubectl, genuine, iat=past - _HOUR_S, nbf=past - _HOUR_S, exp=past)


def for_others(kubectl: Kubectl, home: str, genuine: str) -> bytes:
    """What every pod has at hand to speak to the API server with, or to a vault."""
    del genuine
    return token(kubectl, home, VICTIM, audience="vault.example").encode()


def of_a_pod_that_is_gone(kubectl: Kubectl, home: str, genuine: str) -> bytes:
    del genuine
    gone = objects.pod("gone", objects.spec(objects.shell(), account=VICTIM), {"linkerd.io/inject": "disabled"})
    kubectl.apply(*objects.placed([gone], home))
    bound = token(kubectl, home, VICTIM, "--bound-object-kind", "Pod", "--bound-object-name", "gone")
    kubectl("delete", "pod", "gone", "--namespace", home, "--grace-period=0", "--force")
    return bound.encode()


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (forged, "token"),
        (altered, "token"),
        (unsigned, "token"),
        (expired, "expired"),
        (for_others, "audience"),
        (of_a_pod_that_is_gone, "token"),
    ],
)
def test_a_token_that_proves_nothing_gives_nothing(
    kubectl: Kubectl, home: str, desk: Desk, genuine: str, made: Any, reason: str
) -> None:
    bad = made(kubectl, home, genuine)
    before = desk.refused(reason)
    answer = until("a refusal", lambda: refusal(desk, home, bad))
    assert "token" in answer.details
    assert desk.refused(reason) > before


def test_the_rewriting_itself_does_not_spoil_a_token(kubectl: Kubectl, home: str, desk: Desk, genuine: str) -> None:
    again = rewritten(kubectl, genuine, aud=[AUDIENCE])
    assert desk.certify(identity(VICTIM, home), again).code == grpc.StatusCode.OK


@pytest.mark.parametrize("bad", [b"", b"a.b.c", b"\xff\x00\n" * 40, b"x" * 100_000])
def test_what_is_no_token_is_refused_with_a_reason(home: str, desk: Desk, bad: bytes) -> None:
    answer = desk.certify(identity(VICTIM, home), bad)
    assert answer.code in (REFUSED, grpc.StatusCode.INVALID_ARGUMENT)
    assert "token" in answer.details


def test_refusals_are_events_at_the_control_plane(kubectl: Kubectl, home: str, desk: Desk, genuine: str) -> None:
    desk.certify(identity(VICTIM, home), forged(kubectl, home, genuine))
    told = until("an event", lambda: next(events(kubectl, CONTROL, "TokenRefused", "linkerd-identity"), None))
    assert told["type"] == "Warning"


def test_a_pod_that_claims_to_be_another_never_gets_ready(kubectl: Kubectl, home: str, desk: Desk) -> None:
    before = desk.refused("identity")
    kubectl("create", "--filename", "-", given=json.dumps(claiming(kubectl, home, identity(VICTIM, home))))
    until("the proxy to be refused", lambda: desk.refused("identity") >= before + _ATTEMPTS or None)
    status = kubectl.get("pod", "impostor", "--namespace", home)["status"]
    assert {c["type"]: c["status"] for c in status["conditions"]}["Ready"] == "False"
    assert not any(c.get("ready") for c in status.get("containerStatuses", []))
    told = until("an event", lambda: next(events(kubectl, home, "CertificateRefused", THIEF), None))
    assert identity(VICTIM, home) in told["message"]
    log = kubectl("logs", "--namespace", CONTROL, "deployment/linkerd-identity", "--container", "identity")
    assert f"no certificate for '{identity(VICTIM, home)}'" in log


def claiming(kubectl: Kubectl, home: str, name: str) -> dict[str, Any]:
    """A pod made by hand of what the injector would make: it runs as the thief, and says that it is somebody else."""
    made = json.loads(would_be(kubectl, home))
    spec = made["spec"]
    spec["serviceAccountName"] = spec["serviceAccount"] = THIEF
    spec["volumes"] = [volume for volume in spec["volumes"] if not volume["name"].startswith("kube-api-access")]
    for container in (*spec["initContainers"], *spec["containers"]):
        mounts = container.get("volumeMounts", [])
        container["volumeMounts"] = [mount for mount in mounts if not mount["name"].startswith("kube-api-access")]
        for variable in container.get("env", []):
            if variable["name"] == LOCAL_NAME:
                variable["value"] = name
    metadata = made["metadata"]
    kept = {"labels": metadata["labels"], "annotations": metadata["annotations"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "impostor", "namespace": home, **kept},
        "spec": spec,
    }


def refusal(desk: Desk, home: str, bad: bytes) -> Answer | None:
    """The API server remembers a token that was good for a few seconds."""
    answer = desk.certify(identity(VICTIM, home), bad)
    return answer if answer.code == REFUSED else None


def events(kubectl: Kubectl, namespace: str, reason: str, name: str) -> Iterator[dict[str, Any]]:
    found = kubectl.get("events", "--namespace", namespace, "--field-selector", f"reason={reason}")["items"]
    return (event for event in found if event["involvedObject"]["name"] == name)
