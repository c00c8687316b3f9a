"""The Gateway API's conformance suite, as its authors wrote it."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from podkit.gateway_api import run_suite
from podkit.kubectl import Kubectl

CORE = ("Mesh", "HTTPRoute", "GRPCRoute")
EXTENDED = (
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRouteParentRefPort",
    "HTTPRouteResponseHeaderModification",
    "MeshClusterIPMatching",
    "MeshConsumerRoute",
    "MeshHTTPRouteBackendRequestHeaderModification",
    "MeshHTTPRouteNamedRouteRule",
    "MeshHTTPRouteQueryParamMatching",
    "MeshHTTPRouteRedirectPath",
    "MeshHTTPRouteRedirectPort",
    "MeshHTTPRouteSchemeRedirect",
)
"""All that the suite has for a mesh, but for MeshHTTPRouteRewritePath: see docs/compatibility.md."""
_SHOWN = 6000


@pytest.fixture(scope="module")
def report(
    kubectl: Kubectl, mesh: str, gateway_definitions: None, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Any]:
    del mesh, gateway_definitions
    file = tmp_path_factory.mktemp("gateway") / "report.yaml"
    done = run_suite(kubectl, (*CORE, *EXTENDED), file)
    assert file.exists(), (done.stdout + done.stderr)[-_SHOWN:]
    found: Mapping[str, Any] = yaml.safe_load(file.read_text())
    return found


@pytest.mark.parametrize(("profile", "least"), [("MESH-HTTP", 7), ("MESH-GRPC", 2)])
def test_the_core_of_a_profile_passes(report: Mapping[str, Any], profile: str, least: int) -> None:
    core = _profile(report, profile)["core"]
    assert core["result"] == "success", core
    assert core["statistics"]["Passed"] >= least
    assert core["statistics"]["Skipped"] == 0


def test_each_extended_feature_that_is_promised_passes(report: Mapping[str, Any]) -> None:
    extended = _profile(report, "MESH-HTTP")["extended"]
    assert extended["result"] == "success", extended
    promised = {feature for feature in EXTENDED if feature.startswith("Mesh")}
    assert set(extended["supportedFeatures"]) == promised


def _profile(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(profile for profile in report["profiles"] if profile["name"] == name)
    return found
