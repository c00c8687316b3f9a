"""From a program that is wanted in the mesh to the spec that its supervisor reads."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hauberk.client.api import Client
from hauberk.client.endpoint import UnixEndpoint
from hauberk.client.errors import ApiError
from hauberk.host import leftovers, workload
from hauberk.host.failure import SetupFailed
from hauberk.host.process import Process, process
from hauberk.host.runner import Runner, runner
from hauberk.host.spec import Program, enrollment, node_name, spec
from hauberk.host.user import User
from hauberk.model.kinds import Kind, by_kind
from hauberk.model.names import is_subdomain


async def enter(client: Client, program: Program, user: User, *, workloads: Path) -> Path:
    """Removes what killed runners left, enrolls the program and returns the path of its spec.

    Raises ApiError and SetupFailed; nothing of the workload is left then.
    """
    endpoint = client.endpoint
    if not isinstance(endpoint, UnixEndpoint):
        raise SetupFailed(f"{endpoint} is not on this machine", hint="name the control plane's Unix socket")
    for gone in leftovers.sweep(workloads):
        await _release(client, gone.namespace, gone.pod, gone.pod_uid)
    answer = (await client.enroll(enrollment(program, node_name=node_name(socket.gethostname())))).body
    record = _record(answer)
    if not is_subdomain(record.pod):
        # It becomes the name of a directory of root's.
        raise SetupFailed(f"the control plane calls the pod {record.pod!r}", hint="do both have one version?")
    try:
        directory = workloads / record.pod
        workload.create(directory, record)
        document = spec(program, user, answer, api_socket=endpoint.path.resolve(), workload_dir=directory)
        return workload.write_spec(directory, document)
    except BaseException:
        await _release(client, record.namespace, record.pod, record.pod_uid)
        raise


def _record(answer: Mapping[str, Any]) -> Runner:
    own = process(os.getpid())
    try:
        return runner(answer, own or Process(os.getpid(), 0))
    except (KeyError, TypeError) as error:
        raise SetupFailed(
            f"the control plane's answer to the enrollment lacks {error}",
            hint="do both have one version? hauberk version",
        ) from None


async def _release(client: Client, namespace: str, pod: str, uid: str) -> None:
    """What is not removed now ends with its lease."""
    try:
        await client.delete(_pod_kind(), pod, namespace=namespace, uid=uid)
    except ApiError:
        return


def _pod_kind() -> Kind:
    kind = by_kind("", "Pod")
    if kind is None:
        raise TypeError("there is no kind Pod")
    return kind
