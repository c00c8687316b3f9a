"""The endpoint that a person's kubeconfig means, as kubectl understands it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from hauberk.client.credentials import credentials_of, impersonation, tls_of
from hauberk.client.endpoint import TcpEndpoint
from hauberk.client.errors import Misconfigured
from hauberk.client.incluster import in_cluster, is_in_cluster
from hauberk.client.kubeconfig_files import (
    ClusterEntry,
    ContextEntry,
    Found,
    Kubeconfig,
    UserEntry,
    merged,
    places,
)
from hauberk.runtime.clock import Clock, SystemClock

E = TypeVar("E")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person says on the command line; None and empty: what the files say."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()


NO_CHOICE = Choice()


@dataclass(frozen=True)
class Located:
    """An endpoint, and the namespace that is meant where none is named."""

    endpoint: TcpEndpoint
    namespace: str = "default"


def locate_cluster(
    choice: Choice = NO_CHOICE, environ: Mapping[str, str] = os.environ, *, clock: Clock | None = None
) -> Located:
    """Return the cluster that is meant; in a pod without a kubeconfig, the pod's own.

    Raises Misconfigured, which names the file and the entry that is wrong. Nobody is asked yet.
    """
    paths = places(environ, explicit=choice.kubeconfig)
    config = merged(paths, needed=choice.kubeconfig is not None)
    if config.files:
        return _located(config, choice, clock or SystemClock())
    if is_in_cluster(environ):
        user = _acting(UserEntry(), choice)
        return Located(replace(in_cluster(environ), headers=impersonation(user)))
    looked = ", ".join(map(str, paths)) or "KUBECONFIG and HOME, which are not set"
    raise Misconfigured(f"there is no kubeconfig (looked at {looked}): name one with --kubeconfig or KUBECONFIG")


def _located(config: Kubeconfig, choice: Choice, clock: Clock) -> Located:
    context = _context(config, choice)
    cluster = _entry(config, config.clusters, "cluster", choice.cluster or context.cluster)
    user_name = choice.user or context.user
    user = _entry(config, config.users, "user", user_name) if user_name else Found("nobody", UserEntry(), Path())
    user = replace(user, entry=_acting(user.entry, choice))
    server = _server(cluster)
    tls = tls_of(cluster, user) if urlsplit(server).scheme == "https" else None
    endpoint = TcpEndpoint(
        server,
        tls=tls,
        token=credentials_of(user, cluster, tls, clock),
        server_name=cluster.entry.tls_server_name or None,
        headers=impersonation(user.entry),
    )
    return Located(endpoint, context.namespace or "default")


def _context(config: Kubeconfig, choice: Choice) -> ContextEntry:
    name = choice.context or config.current_context
    if name:
        return _entry(config, config.contexts, "context", name).entry
    if choice.cluster:
        return ContextEntry()
    files = _shown(config)
    raise Misconfigured(f"{files} name no current context: choose one with --context or `kubectl config use-context`")


def _entry(config: Kubeconfig, entries: Mapping[str, Found[E]], what: str, name: str) -> Found[E]:
    found = entries.get(name)
    if found is None:
        there = ", ".join(sorted(entries)) or "none"
        raise Misconfigured(f"there is no {what} {name!r} in {_shown(config)}; there: {there}")
    return found


def _server(cluster: Found[ClusterEntry]) -> str:
    server = cluster.entry.server
    try:
        address = urlsplit(server)
        valid = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise Misconfigured(f"{cluster} has the server {server!r}, which is not like https://HOST:PORT: correct it")
    if cluster.entry.proxy_url:
        raise Misconfigured(
            f"{cluster} is behind a proxy (proxy-url), which is not supported: forward a port, or use a VPN, and name "
            f"that in another cluster entry, with tls-server-name"
        )
    return server


def _acting(user: UserEntry, choice: Choice) -> UserEntry:
    """With the person whom the command line names, in place of the file's."""
    if choice.as_user is not None or choice.as_groups:
        return user.acting_as(choice.as_user or user.as_, choice.as_groups or user.as_groups)
    return user


def _shown(config: Kubeconfig) -> str:
    return ", ".join(map(str, config.files))
