"""An ingress of others' making, meshed in front: its clients come as they are, what it sends on is in the mesh."""

from typing import Any

import pytest
from podkit import objects
from podkit.asking import ask_until, identity, ready
from podkit.kubectl import Kubectl
from podkit.mesh import Namespace

from cluster.recipes import SERVERS

NGINX = """
pid /tmp/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi; uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  server {
    listen 8080;
    location / {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header l5d-dst-override server.NAMESPACE.svc.cluster.local:80;
      proxy_pass http://UPSTREAM;
    }
  }
}
"""


@pytest.fixture(scope="module")
def home(kubectl: Kubectl, namespace: Namespace) -> str:
    """What the ingress is in front of: two pods."""
    name = namespace()
    server = objects.deployment("server", objects.spec(objects.server()), replicas=2)
    kubectl.apply(*objects.placed([objects.account("ingress"), server, objects.service("server")], name))
    kubectl.rolled_out(name, "deployment/server")
    return name


@pytest.fixture(scope="module")
def outside(kubectl: Kubectl, namespace: Namespace) -> str:
    """A person without a mesh."""
    name = namespace({})
    kubectl.apply(*objects.placed([objects.pod("person", objects.spec(objects.shell()))], name))
    ready(kubectl, name, "person")
    return name


def test_what_it_sends_to_a_service_is_balanced_by_the_mesh(kubectl: Kubectl, home: str, outside: str) -> None:
    placed(kubectl, home, "enabled", f"server.{home}.svc.cluster.local")
    assert_in_the_mesh(kubectl, home, outside, "enabled")


def test_in_ingress_mode_a_header_names_the_service_of_a_pods_address(
    kubectl: Kubectl, home: str, outside: str
) -> None:
    """Ingresses that balance by themselves send to pods."""
    pod = kubectl.get("pods", "--namespace", home, "--selector", "app=server")["items"][0]
    placed(kubectl, home, "ingress", f"{pod['status']['podIP']}:{objects.PORT}")
    assert_in_the_mesh(kubectl, home, outside, "ingress")


def assert_in_the_mesh(kubectl: Kubectl, home: str, outside: str, mode: str) -> None:
    answers = ask_until(kubectl, outside, f"http://ingress-{mode}.{home}/shop", pods=2, pod="person")
    assert {answer["client"] for answer in answers} == {identity("ingress", home)}
    assert {answer["path"] for answer in answers} == {"/shop"}


def placed(kubectl: Kubectl, home: str, mode: str, upstream: str) -> None:
    """An nginx that sends everything on."""
    name = f"ingress-{mode}"
    container = {
        "name": "nginx",
        "image": SERVERS,
        "command": ["/bin/nginx", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"],
        "ports": [{"containerPort": objects.PORT, "name": "http"}],
        "readinessProbe": {"tcpSocket": {"port": objects.PORT}, "periodSeconds": 1},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/nginx"}],
    }
    of = {**objects.spec(container, account="ingress"), "volumes": [{"name": "config", "configMap": {"name": name}}]}
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {"nginx.conf": NGINX.replace("UPSTREAM", upstream).replace("NAMESPACE", home)},
    }
    deployment = objects.deployment(name, of, annotations={"linkerd.io/inject": mode})
    kubectl.apply(*objects.placed([config, deployment, objects.service(name)], home))
    kubectl.rolled_out(home, f"deployment/{name}")
