"""Pods come and go under load, and no request is lost; Jobs end."""

from typing import Any

import pytest
from podkit import objects
from podkit.asking import ready
from podkit.kubectl import Kubectl
from podkit.load import loaded
from podkit.mesh import Namespace

RATE = 200


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> str:
    name = namespace()
    of = objects.spec(objects.server(), grace_s=20)
    kubectl.apply(*objects.placed([objects.deployment("server", of, replicas=2), objects.service("server")], name))
    kubectl.rolled_out(name, "deployment/server")
    return name


def test_a_rolling_restart_loses_no_request(kubectl: Kubectl, home: str) -> None:
    with loaded(kubectl, home, "http://server/", rate=RATE) as load:
        kubectl("rollout", "restart", "--namespace", home, "deployment/server")
        kubectl.rolled_out(home, "deployment/server")
    assert load.failures == {}, load.told
    assert load.seen["200"] > RATE


def test_scaling_down_and_up_loses_no_request(kubectl: Kubectl, home: str) -> None:
    with loaded(kubectl, home, "http://server/", rate=RATE) as load:
        for replicas in (1, 3, 2):
            kubectl("scale", "--namespace", home, "deployment/server", f"--replicas={replicas}")
            kubectl.rolled_out(home, "deployment/server")
    assert load.failures == {}, load.told


def once(name: str) -> dict[str, Any]:
    """What a Job does: requests for a second."""
    return objects.spec(objects.python(name, "load.py", "http://server/", "20", "2", "1"), restartPolicy="Never")


def ends(kubectl: Kubectl, home: str, job: str, container: str) -> None:
    kubectl("wait", "--namespace", home, f"job/{job}", "--for=condition=Complete", "--timeout=60s")
    assert '"200"' in kubectl("logs", "--namespace", home, f"job/{job}", "--container", container)


def test_a_job_ends_although_its_proxy_would_go_on(kubectl: Kubectl, home: str) -> None:
    spec = {"template": {"spec": once("once")}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": spec}
    kubectl.apply(*objects.placed([job], home))
    ends(kubectl, home, "once", "once")


def test_a_cron_jobs_run_ends_too(kubectl: Kubectl, home: str) -> None:
    never = {"schedule": "0 0 31 2 *", "jobTemplate": {"spec": {"template": {"spec": once("often")}}}}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "often"}, "spec": never}
    kubectl.apply(*objects.placed([cron], home))
    kubectl("create", "job", "--namespace", home, "often-now", "--from=cronjob/often")
    ends(kubectl, home, "often-now", "often")


def test_init_containers_have_the_network_of_the_mesh(kubectl: Kubectl, home: str) -> None:
    first = objects.shell("first") | {
        "command": ["busybox", "timeout", "10", "busybox", "wget", "-qO-", "http://server/"]
    }
    of = objects.spec(objects.shell(), initContainers=[first])
    kubectl.apply(*objects.placed([objects.pod("prepared", of)], home))
    ready(kubectl, home, "prepared")
    told = kubectl("logs", "--namespace", home, "prepared", "--container", "first")
    assert f"default.{home}.serviceaccount" in told, "it was in the mesh already"
