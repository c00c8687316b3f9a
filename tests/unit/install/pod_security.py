"""The Pod Security Standard `restricted`, written down from its documentation and nothing of ours.

https://kubernetes.io/docs/concepts/security/pod-security-standards/ (with all of `baseline`, for Linux).
"""

from collections.abc import Iterator
from typing import Any

_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_SECCOMP = {"RuntimeDefault", "Localhost"}
_SELINUX = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_PROC = {None, "", "Default"}


def violations(spec: dict[str, Any]) -> list[str]:
    """What of a pod's spec the standard forbids."""
    return [*_of_pod(spec), *(found for each in _all(spec) for found in _of_container(each, spec))]


def _all(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(field, [])


def _of_pod(spec: dict[str, Any]) -> Iterator[str]:
    yield from (field for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field))
    security = spec.get("securityContext", {})
    yield from _of_any(security, "pod")
    if security.get("sysctls"):
        yield "sysctls"
    for volume in spec.get("volumes", []):
        yield from (f"volume {kind}" for kind in volume.keys() - {"name"} - _VOLUMES)
    if security.get("runAsUser") == 0:
        yield "pod runAsUser 0"


def _of_container(container: dict[str, Any], spec: dict[str, Any]) -> Iterator[str]:
    name, security, of_pod = container["name"], container.get("securityContext", {}), spec.get("securityContext", {})
    yield from _of_any(security, name)
    if security.get("privileged"):
        yield f"{name}: privileged"
    if security.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: allowPrivilegeEscalation"
    if security.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True:
        yield f"{name}: runAsNonRoot"
    if security.get("runAsUser") == 0:
        yield f"{name}: runAsUser 0"
    seccomp = security.get("seccompProfile", of_pod.get("seccompProfile", {})).get("type")
    if seccomp not in _SECCOMP:
        yield f"{name}: seccompProfile {seccomp}"
    capabilities = security.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield f"{name}: capabilities that are not dropped"
    yield from (f"{name}: capability {added}" for added in set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"})
    if security.get("procMount") not in _PROC:
        yield f"{name}: procMount"
    yield from (f"{name}: hostPort" for port in container.get("ports", []) if port.get("hostPort"))
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield from (f"{name}: host of {probe}" for how in container.get(probe, {}).values() if _names_a_host(how))


def _names_a_host(how: Any) -> bool:
    return isinstance(how, dict) and bool(how.get("host"))


def _of_any(security: dict[str, Any], name: str) -> Iterator[str]:
    if security.get("windowsOptions", {}).get("hostProcess"):
        yield f"{name}: hostProcess"
    selinux = security.get("seLinuxOptions", {})
    if selinux.get("type") not in _SELINUX or selinux.get("user") or selinux.get("role"):
        yield f"{name}: seLinuxOptions"
    if security.get("appArmorProfile", {}).get("type", "RuntimeDefault") == "Unconfined":
        yield f"{name}: appArmorProfile"
    if security.get("seccompProfile", {}).get("type") == "Unconfined":
        yield f"{name}: seccompProfile Unconfined"
