"""The containers that are put beside a pod's own: the proxy, what redirects to it, and a tool to look at it. Pure."""

from typing import Any

from hauberk.config.chart import Resources
from hauberk.injector.asked import REDIRECT, VALIDATOR
from hauberk.injector.environment import environment
from hauberk.injector.installation import Installation
from hauberk.injector.subject import PROXY
from hauberk.injector.volumes import proxy_mounts, redirect_mounts
from hauberk.sidecar import keys
from hauberk.sidecar.tuning import Tuning

DEBUG = "linkerd-debug"
_PROGRAM = "/hauberk-proxy"
_NOBODY = 65534
_AWAIT = "2m"
_STARTUP_TRIES = 120

Container = dict[str, Any]


def proxy(tuning: Tuning, inbound: list[int], installation: Installation, *, ingress: bool) -> Container:
    """The proxy: a native sidecar (an init container that stays), or a container like the others."""
    native, admin = tuning.is_on(keys.NATIVE_SIDECAR), tuning.number(keys.ADMIN_PORT)
    env = environment(tuning, inbound, installation, ingress=ingress, validates=validates(tuning, installation))
    made: Container = {
        "name": PROXY,
        **_image(tuning.of(keys.IMAGE), tuning.of(keys.VERSION), tuning.of(keys.PULL_POLICY)),
        "env": env,
        "ports": [
            {"name": "linkerd-proxy", "containerPort": tuning.number(keys.INBOUND_PORT)},
            {"name": "linkerd-admin", "containerPort": admin},
        ],
        "livenessProbe": {**_asked("/live", admin), "initialDelaySeconds": 10},
        "readinessProbe": _asked("/ready", admin),
        "resources": _resources_of(tuning),
        "securityContext": _unprivileged(tuning.number(keys.UID), tuning.number(keys.GID)),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": proxy_mounts(),
    }
    if native:
        made["restartPolicy"] = "Always"
    awaited = tuning.is_on(keys.AWAIT)
    probed = awaited and native and not _is_ours(tuning, installation)
    if probed:
        made["startupProbe"] = {**_asked("/ready", admin), "periodSeconds": 1, "failureThreshold": _STARTUP_TRIES}
    elif not awaited:
        made["readinessProbe"]["initialDelaySeconds"] = 2
    if lifecycle := _lifecycle(tuning, awaited=awaited and not probed, admin=admin):
        made["lifecycle"] = lifecycle
    return made


def validates(tuning: Tuning, installation: Installation) -> bool:
    """Whether the proxy itself sees that a CNI plugin wrote the rules: it is ours, and nothing runs before it.

    A container for that would cost each pod a second: that is how often the kubelet looks whether one has ended.
    """
    return installation.values.cni.enabled and tuning.is_on(keys.NATIVE_SIDECAR) and _is_ours(tuning, installation)


def redirect(tuning: Tuning, installation: Installation) -> Container:
    """Writes the rules by which the kernel sends connections to the proxy."""
    values = installation.values.proxy_init
    lists = {
        "--skip-inbound-ports": tuning.of(keys.SKIP_INBOUND_PORTS),
        "--skip-outbound-ports": tuning.of(keys.SKIP_OUTBOUND_PORTS),
        "--skip-subnets": tuning.of(keys.SKIP_SUBNETS),
    }
    arguments = {
        "--proxy-uid": tuning.of(keys.UID),
        "--inbound-port": tuning.of(keys.INBOUND_PORT),
        "--outbound-port": tuning.of(keys.OUTBOUND_PORT),
        "--admin-port": tuning.of(keys.ADMIN_PORT),
        "--control-port": tuning.of(keys.CONTROL_PORT),
        **{option: listed for option, listed in lists.items() if listed},
        "--mode": values.mode,
    }
    return {
        "name": REDIRECT,
        **_own_image(installation, tuning),
        "args": ["redirect", *(word for pair in arguments.items() for word in pair)],
        "resources": _resources(values.resources),
        "securityContext": {
            "runAsUser": 0,
            "runAsGroup": 0,
            "runAsNonRoot": False,
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": redirect_mounts(),
    }


def validator(tuning: Tuning, installation: Installation) -> Container:
    """Sees that a CNI plugin wrote the rules: a pod whose connections go past the proxy does not start."""
    # It has to be somebody else than the proxy, for whom older plugins redirect nothing.
    listen = f"[::]:{tuning.of(keys.OUTBOUND_PORT)}"
    uid = _NOBODY if tuning.number(keys.UID) != _NOBODY else _NOBODY - 1
    return {
        "name": VALIDATOR,
        **_own_image(installation, tuning),
        "args": ["validate-network", "--timeout", "10s", "--proxy-uid", tuning.of(keys.UID), "--listen-addr", listen],
        "resources": _resources(installation.values.proxy_init.resources),
        "securityContext": _unprivileged(uid, uid),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def debug(tuning: Tuning) -> Container:
    """Somebody's tools, which may listen to the pod's traffic."""
    return {
        "name": DEBUG,
        **_image(tuning.of(keys.DEBUG_IMAGE), tuning.of(keys.DEBUG_VERSION), tuning.of(keys.DEBUG_PULL_POLICY)),
        "securityContext": {
            "runAsUser": 0,
            "runAsNonRoot": False,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _lifecycle(tuning: Tuning, *, awaited: bool, admin: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if awaited:
        # The next container is started when this has returned. A startup probe comes to the same two looks of the
        # kubelet later: at the probe's turn, and at what it knew of the pod after it.
        command = [_PROGRAM, "await", "--timeout", _AWAIT, "--port", str(admin)]
        made["postStart"] = {"exec": {"command": command}}
    if seconds := tuning.number(keys.WAIT_BEFORE_EXIT):
        # Kubernetes sleeps by itself since 1.30 only.
        made["preStop"] = {"exec": {"command": [_PROGRAM, "sleep", str(seconds)]}}
    return made


def _is_ours(tuning: Tuning, installation: Installation) -> bool:
    """Another implementation's image has not these programs."""
    return tuning.of(keys.IMAGE) == installation.defaults[keys.IMAGE]


def _own_image(installation: Installation, tuning: Tuning) -> Container:
    """The installation's, whatever proxy the pod asks for."""
    defaults = installation.defaults
    return _image(defaults[keys.IMAGE], defaults[keys.VERSION], tuning.of(keys.PULL_POLICY))


def _image(name: str, version: str, pull_policy: str) -> Container:
    whole = "@" in name or ":" in name.rpartition("/")[2]
    return {"image": name if whole else f"{name}:{version}", "imagePullPolicy": pull_policy}


def _asked(path: str, port: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port}}


def _unprivileged(uid: int, gid: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "runAsUser": uid,
        "runAsNonRoot": True,
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return made if gid < 0 else {"runAsGroup": gid, **made}


def _resources_of(tuning: Tuning) -> dict[str, dict[str, str]]:
    requests = {"cpu": keys.CPU_REQUEST, "memory": keys.MEMORY_REQUEST, "ephemeral-storage": keys.STORAGE_REQUEST}
    limits = {"cpu": keys.CPU_LIMIT, "memory": keys.MEMORY_LIMIT, "ephemeral-storage": keys.STORAGE_LIMIT}
    return _written(
        {
            kind: {name: tuning.of(key) for name, key in of.items()}
            for kind, of in (("requests", requests), ("limits", limits))
        }
    )


def _resources(given: Resources) -> dict[str, dict[str, str]]:
    named = {"cpu": given.cpu, "memory": given.memory, "ephemeral-storage": given.ephemeral_storage}
    return _written(
        {
            "requests": {name: quantity.request for name, quantity in named.items()},
            "limits": {name: quantity.limit for name, quantity in named.items()},
        }
    )


def _written(found: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    kept = {kind: {name: text for name, text in amounts.items() if text} for kind, amounts in found.items()}
    return {kind: amounts for kind, amounts in kept.items() if amounts}
