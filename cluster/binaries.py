"""The programs that are built, each from what and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.places import SOURCES

KUBERNETES = "v1.35.4"
"""The version that go/kubernetes/go.mod names."""
DEFAULT = ("kubernetes", "coredns")
_GO = SOURCES / "go"
_SMALL = "-s -w"
"""For Go's linker: without symbols, which nobody reads in a test."""
_BUILD = ("go", "build", "-buildvcs=false")


@dataclass(frozen=True, slots=True)
class Binary:
    name: str
    folder: Path
    """Its files are the sources, and the command runs in it."""
    tool: tuple[str, ...]
    """What is before `-o FILE`."""
    rest: tuple[str, ...]
    """What is after it."""
    version: tuple[str, ...] = ("go", "version")
    """How to ask the tool which it is."""

    def command(self, out: Path) -> list[str]:
        return [*self.tool, "-o", str(out), *self.rest]


def _go(name: str, folder: str, target: str, flags: str = _SMALL) -> Binary:
    return Binary(name, _GO / folder, _BUILD, (f"-ldflags={flags}", target))


def _kubernetes(name: str) -> Binary:
    """Of no known version it would not do: clients read it."""
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    known = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    words = [_SMALL, *(f"-X k8s.io/component-base/version.{key}={value}" for key, value in known.items())]
    return _go(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", " ".join(words))


PARTS: Mapping[str, tuple[Binary, ...]] = {
    "kubernetes": (
        Binary("pause", SOURCES / "pause", ("gcc",), ("-static", "-Os", "-s", "pause.c"), ("gcc", "--version")),
        *map(
            _kubernetes,
            ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"),
        ),
    ),
    "coredns": (_go("coredns", "coredns", "."),),
    "helm": (_go("helm", "helm", "helm.sh/helm/v3/cmd/helm"),),
    "gateway": (
        Binary("gateway-conformance", _GO / "gateway", ("go", "test", "-c", "-buildvcs=false"), (".",)),
        _go("echo-basic", "gateway", "sigs.k8s.io/gateway-api/conformance/echo-basic"),
        _go("echo-server", "echo", "istio.io/istio/pkg/test/echo/cmd/server"),
        _go("echo-client", "echo", "istio.io/istio/pkg/test/echo/cmd/client"),
    ),
}
