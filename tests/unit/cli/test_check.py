import json

import pytest
from shell import Hauberk


def test_without_a_control_plane_check_says_so_and_stops_there(hauberk: Hauberk) -> None:
    result = hauberk("check", "-o", "json")
    assert result.code == 1
    report = json.loads(result.out)
    assert report["success"] is False
    assert [category["categoryName"] for category in report["categories"]] == [
        "hauberk-machine",
        "hauberk-control-plane",
    ]
    (check,) = report["categories"][1]["checks"]
    assert check["result"] == "error"
    assert "hauberk up" in check["hint"]


@pytest.mark.usefixtures("api")
def test_what_lacks_beside_a_resource_api_that_answers_is_found(hauberk: Hauberk) -> None:
    result = hauberk("check", "-o", "json")
    assert result.code == 1
    checks = {
        check["description"]: check for category in json.loads(result.out)["categories"] for check in category["checks"]
    }
    assert checks["the control plane answers"]["result"] == "success"
    assert checks["resources can be read"]["result"] == "success"
    assert checks["the proxy API is open"]["result"] == "error"
    assert "proxy.sock" in checks["the proxy API is open"]["error"]
    assert checks["the authority answers"]["result"] == "error"
    assert all(check["hint"] for check in checks.values() if check["result"] != "success")


@pytest.mark.usefixtures("api")
def test_the_short_form_leaves_out_what_is_well(hauberk: Hauberk) -> None:
    text = hauberk("check", "-o", "short").out
    assert "√" not in text.replace("Status check results are √", "")
    assert "× the authority answers" in text  # noqa: RUF001 - Linkerd's mark
