"""Pods as people write them, and what becomes of them."""

from typing import Any

from hauberk.apiserver.patch import json_patch
from hauberk.config.chart import Values
from hauberk.injector.installation import Installation, installed
from hauberk.injector.outcome import Injected
from hauberk.injector.patch import patch
from hauberk.injector.subject import Owner, Place

ANCHORS = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
SHOP = Place("shop", {"linkerd.io/inject": "enabled"})
WEB = Owner("Deployment", "web")


def installation_of(values: Values) -> Installation:
    return installed(values, namespace="hauberk", trust_anchors=ANCHORS, created_by="hauberk/test")


def pod(*containers: dict[str, Any], annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """With one program, unless others are given."""
    metadata: dict[str, Any] = {"generateName": "web-"}
    if annotations is not None:
        metadata["annotations"] = annotations
    programs = list(containers) or [{"name": "web", "image": "nginx", "ports": [{"containerPort": 8080}]}]
    return {"metadata": metadata, "spec": {"containers": programs, **spec}}


def injected(
    document: dict[str, Any],
    installation: Installation,
    *,
    place: Place = SHOP,
    owner: Owner | None = WEB,
) -> dict[str, Any]:
    """The pod as the API server makes it."""
    outcome = patch(document, place, owner, installation)
    assert isinstance(outcome, Injected), outcome
    result: dict[str, Any] = json_patch(document, list(outcome.operations))
    return result


def container(document: dict[str, Any], name: str = "linkerd-proxy") -> dict[str, Any]:
    spec = document["spec"]
    found = [c for c in (*spec.get("initContainers", ()), *spec["containers"]) if c["name"] == name]
    assert len(found) == 1, f"{name} is there {len(found)} times"
    result: dict[str, Any] = found[0]
    return result


def variables(document: dict[str, Any]) -> dict[str, str]:
    """Those with a value, without the contract's prefix."""
    env = container(document)["env"]
    assert len({v["name"] for v in env}) == len(env)
    return {v["name"].removeprefix("LINKERD2_PROXY_"): v["value"] for v in env if "value" in v}


def arguments(document: dict[str, Any]) -> dict[str, str]:
    """Of the redirect."""
    verb, *words = container(document, "linkerd-init")["args"]
    assert verb == "redirect"
    return dict(zip(words[::2], words[1::2], strict=True))
