"""What is told of facts: outcomes, errors and hints."""

from datetime import UTC, datetime, timedelta

import pytest

from hauberk.check.certificate import Certificate
from hauberk.check.control_plane import ControlPlaneFacts, control_plane
from hauberk.check.data_plane import PodFacts, data_plane, pod_facts
from hauberk.check.identity import AuthorityFacts, identity
from hauberk.check.machine import MachineFacts, machine
from hauberk.check.report import Category, healthy, listed, to_document
from hauberk.check.store import StoreFacts, store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


def outcomes(category: Category) -> dict[str, str]:
    assert all(check.hint for check in category.checks if check.outcome != "success")
    return {check.description: check.outcome for check in category.checks if check.outcome != "success"}


def root(begin: datetime, end: datetime) -> Certificate:
    return Certificate("CN=root", "CN=root", 1, begin, end, (), (), "secp256r1")


def test_a_healthy_control_plane() -> None:
    category = control_plane(ControlPlaneFacts("1.0", "1.0"))
    assert outcomes(category) == {}
    assert len(category.checks) == 4


def test_where_nobody_answers_nothing_else_is_said() -> None:
    category = control_plane(ControlPlaneFacts("1.0", error="no such socket", hint="hauberk up"))
    assert [check.outcome for check in category.checks] == ["error"]


def test_each_fault_of_the_control_plane_is_told_apart() -> None:
    facts = ControlPlaneFacts("1.0", "0.9", proxy_api_error="refused", front_error="refused", front_address="x:1")
    assert outcomes(control_plane(facts)) == {
        "the control plane has the version of this tool": "warning",
        "the proxy API is open": "error",
        "the front proxy is ready": "error",
    }


def test_roots_and_issuer_that_last_are_well() -> None:
    facts = AuthorityFacts(roots=[root(NOW - YEAR, NOW + 9 * YEAR)], issuer_until=NOW + YEAR)
    assert outcomes(identity(facts, NOW)) == {}


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        (AuthorityFacts(error="no such socket"), {"the authority answers": "error"}),
        (AuthorityFacts(issuer_until=NOW + YEAR), {"trust roots are valid": "error"}),
        (
            AuthorityFacts(roots=[root(NOW - YEAR, NOW - timedelta(1))], issuer_until=NOW + YEAR),
            {"trust roots are valid": "error"},
        ),
        (
            AuthorityFacts(roots=[root(NOW - YEAR, NOW + timedelta(59))], issuer_until=NOW + timedelta(59)),
            {
                "trust roots are valid for at least 60 days": "warning",
                "the issuer's certificate is valid for at least 60 days": "warning",
            },
        ),
        (
            AuthorityFacts(roots=[root(NOW - YEAR, NOW + YEAR)], issuer_until=NOW),
            {"the issuer's certificate is valid": "error"},
        ),
    ],
)
def test_what_is_wrong_with_the_authority(facts: AuthorityFacts, wrong: dict[str, str]) -> None:
    assert outcomes(identity(facts, NOW)) == wrong


def test_pods_that_are_well() -> None:
    pod = PodFacts("default/web", ready=True, certificate_expires=NOW + timedelta(hours=1), view_age_s=4.0)
    foreign = PodFacts("default/old", ready=True)
    assert outcomes(data_plane([pod, foreign], NOW)) == {}


def test_an_empty_mesh_is_only_a_warning() -> None:
    assert outcomes(data_plane([], NOW)) == {"programs are in the mesh": "warning"}


def test_each_fault_of_a_pod_is_told_apart() -> None:
    pods = [
        PodFacts("default/a", ready=False, reason="NotServing"),
        PodFacts("default/b", ready=True, proxy_error="refused"),
        PodFacts("default/c", ready=True, certificate_expires=NOW),
        PodFacts("default/d", ready=True, view_age_s=31.0),
        PodFacts("default/e", ready=False, reason="Starting", proxy_error="refused"),
    ]
    category = data_plane(pods, NOW)
    assert outcomes(category) == {
        "all pods are ready": "error",
        "all proxies answer": "error",
        "all proxies' certificates are valid": "error",
        "all proxies' views are younger than 30 s": "warning",
    }
    errors = {check.description: check.error for check in category.checks}
    assert "default/a: the program does not answer its ready check" in errors["all pods are ready"]
    assert errors["all proxies answer"] == "default/b: refused"


def test_the_facts_of_a_pod_come_from_its_conditions() -> None:
    item = {
        "metadata": {"namespace": "default", "name": "web"},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "LeaseExpired"}]},
    }
    facts = pod_facts(item, error=None, expires_s=NOW.timestamp(), view_age_s=None)
    assert facts == PodFacts("default/web", ready=False, reason="LeaseExpired", certificate_expires=NOW)


def test_a_store_that_others_may_read_or_that_cannot_grow_is_broken() -> None:
    assert outcomes(store(StoreFacts("mesh.db"))) == {}
    assert outcomes(store(StoreFacts("mesh.db", mode=0o644, free_bytes=1))) == {
        "the store's file is private": "error",
        "the store has room to grow": "error",
    }
    assert outcomes(store(StoreFacts("mesh.db", read_error="unavailable"))) == {"resources can be read": "error"}
    assert outcomes(store(StoreFacts("mesh.db", file_error="no such file"))) == {
        "the store's file is private": "warning"
    }


def test_a_machine_without_tools_says_what_to_install() -> None:
    category = machine(MachineFacts(None, "", ("nft",)))
    assert outcomes(category) == {"ip and nft are installed": "warning"}
    assert "nftables" in category.checks[1].hint


def test_warnings_are_no_failures_and_the_json_is_linkerds() -> None:
    warned = [data_plane([], NOW)]
    assert healthy(warned)
    assert to_document(warned) == {
        "success": True,
        "categories": [
            {
                "categoryName": "hauberk-data-plane",
                "checks": [
                    {
                        "description": "programs are in the mesh",
                        "hint": "see hauberk run --help",
                        "error": "there are none",
                        "result": "warning",
                    }
                ],
            }
        ],
    }
    assert not healthy([identity(AuthorityFacts(error="gone"), NOW)])


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b", "c"], most=2) == "a; b; and 1 more"
