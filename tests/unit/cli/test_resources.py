"""apply, get, describe and delete against the real resource API."""

import json
from pathlib import Path

import pytest
import yaml
from shell import Hauberk

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, labels: {team: blue}}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""
SERVER = """
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}, port: 8080}
"""
IN_SHOP = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
"""

pytestmark = pytest.mark.usefixtures("api")


def test_apply_creates_then_leaves_alone_then_configures(hauberk: Hauberk) -> None:
    both = f"{SERVICE}---{SERVER}"
    assert hauberk("apply", "-f", "-", stdin=both).out == (
        "service/web created\nserver.policy.linkerd.io/web created\n"
    )
    assert hauberk("apply", "-f", "-", stdin=both).out == (
        "service/web unchanged\nserver.policy.linkerd.io/web unchanged\n"
    )
    changed = hauberk("apply", "-f", "-", stdin=SERVICE.replace("8080", "9090"))
    assert (changed.code, changed.out) == (0, "service/web configured\n")
    service = yaml.safe_load(hauberk("get", "service", "web", "-o", "yaml").out)
    assert service["spec"]["ports"][0]["targetPort"] == 9090


def test_a_label_that_is_taken_out_of_the_manifest_is_taken_out_of_the_resource(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=SERVICE)
    hauberk("apply", "-f", "-", stdin=SERVICE.replace(", labels: {team: blue}", ""))
    assert "labels" not in json.loads(hauberk("get", "svc/web", "-o", "json").out)["metadata"]


def test_what_get_prints_can_be_applied_again(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=SERVICE)
    printed = hauberk("get", "svc/web", "-o", "yaml").out
    hauberk("delete", "svc/web")
    assert hauberk("apply", "-f", "-", stdin=printed).out == "service/web created\n"


def test_a_namespace_is_applied_before_what_is_in_it(hauberk: Hauberk) -> None:
    result = hauberk("apply", "-f", "-", stdin=IN_SHOP)
    assert (result.code, result.out) == (0, "namespace/shop created\nserviceaccount/cart created\n")


def test_nothing_is_applied_when_one_manifest_is_bad(hauberk: Hauberk, tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text(SERVICE)
    (tmp_path / "2.yaml").write_text(SERVER + "---" + SERVER.replace("port: 8080", "port: 8080, weight: 1"))
    result = hauberk("apply", "-f", str(tmp_path))
    assert (result.code, result.out) == (1, "")
    assert "2.yaml (document 2" in result.err
    assert "spec.weight: is not a known field" in result.err
    assert hauberk("get", "services").err == "No resources found in default namespace.\n"


def test_a_dry_run_changes_nothing(hauberk: Hauberk) -> None:
    assert hauberk("apply", "-f", "-", "--dry-run", stdin=SERVICE).out == "service/web created (dry run)\n"
    assert hauberk("get", "services", "-o", "name").out == ""


def test_a_server_that_selects_nothing_and_an_old_version_are_warned_about(hauberk: Hauberk) -> None:
    result = hauberk("apply", "-f", "-", stdin=SERVER.replace("v1beta3", "v1beta1"))
    assert result.code == 0
    assert "warning: server.policy.linkerd.io/web: Server web selects nothing" in result.err
    assert "v1beta1 Server is deprecated" in result.err


def test_tables_have_the_servers_columns_and_namespaces_when_asked_for_all(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=SERVICE)
    header, row = hauberk("get", "services").out.splitlines()
    assert header.split() == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    assert row.split()[0] == "web"
    header, row = hauberk("get", "services", "-A", "-o", "wide").out.splitlines()
    assert (header.split()[0], header.split()[-1]) == ("NAMESPACE", "SELECTOR")
    assert (row.split()[0], row.split()[-1]) == ("default", "app=web")


def test_labels_select(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=SERVICE)
    assert hauberk("get", "services", "-l", "team=blue", "-o", "name").out == "service/web\n"
    assert hauberk("get", "services", "-l", "team!=blue", "-o", "name").out == ""


def test_what_is_not_there_is_told_after_what_is(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=SERVICE)
    result = hauberk("get", "service", "web", "nope", "-o", "name")
    assert (result.code, result.out) == (1, "service/web\n")
    assert 'services "nope" not found' in result.err


def test_describe_shows_fields_and_where_a_service_leads(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=SERVICE)
    text = hauberk("describe", "svc/web").out
    for line in ("Name:", "  team=blue", "    app:  web", "      Target Port:  8080", "Endpoints:           <none>"):
        assert line in text


def test_delete_by_name_by_label_and_by_manifest(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=f"{SERVICE}---{SERVER}---{IN_SHOP}")
    assert hauberk("delete", "services", "-l", "team=blue").out == 'service "web" deleted\n'
    assert hauberk("delete", "server/web").out == 'server.policy.linkerd.io "web" deleted\n'
    result = hauberk("delete", "-f", "-", stdin=IN_SHOP)
    assert (result.code, result.out) == (0, 'serviceaccount "cart" deleted\nnamespace "shop" deleted\n')
    missing = hauberk("delete", "service", "web")
    assert missing.code == 1
    assert "not found" in missing.err
    assert hauberk("delete", "service", "web", "--ignore-not-found").code == 0


def test_everything_is_deleted_only_when_that_is_said(hauberk: Hauberk) -> None:
    hauberk("apply", "-f", "-", stdin=SERVICE)
    refused = hauberk("delete", "services")
    assert refused.code == 2
    assert "--all" in refused.err
    assert hauberk("delete", "services", "--all").out == 'service "web" deleted\n'


def test_pods_are_not_applied(hauberk: Hauberk) -> None:
    result = hauberk("apply", "-f", "-", stdin="{apiVersion: v1, kind: Pod, metadata: {name: web}}")
    assert result.code == 1
    assert "hauberk run" in result.err
