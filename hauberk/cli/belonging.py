"""The installation that proxies belong to which `inject` writes: that of a cluster, or that of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hauberk.cli import installing, kubernetes
from hauberk.cli.failure import CommandFailed, warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hauberk.client.api import Client
    from hauberk.config.chart import Values
    from hauberk.injector.installation import Installation

_OTHERWISE = "or do without one: --ignore-cluster --identity-trust-anchors-file FILE"

Kept = tuple["Values", str]
"""Values and roots."""


def installation(asked: Mapping[str, Any], namespace: str, *, of_cluster: bool) -> Installation:
    """By the options; `of_cluster`: what they leave open the cluster says. Raises CommandFailed."""
    from hauberk import __version__
    from hauberk.config.chart import Values
    from hauberk.injector.installation import ValuesInvalid, installed

    anchors_file, values_file = asked["anchors_file"], asked["values_file"]
    values, anchors = (_of_cluster(asked, namespace) if of_cluster else None) or (Values(), "")
    if anchors_file is not None:
        anchors = Path(anchors_file).read_text()
    if values_file is not None:
        values = _over(values, values_file)
    try:
        return installed(values, namespace=namespace, trust_anchors=anchors, created_by=f"hauberk/cli {__version__}")
    except ValuesInvalid as error:
        where = values_file or f"the values of the installation in the namespace {namespace}"
        raise CommandFailed(f"{where}: {error}") from None


def _of_cluster(asked: Mapping[str, Any], namespace: str) -> Kept | None:
    """None, with a warning, where no cluster can be asked and the roots are given. Raises CommandFailed."""
    try:
        return kubernetes.converse(asked, lambda client: _kept(client, namespace), otherwise=_OTHERWISE)
    except Absent as absent:
        raise CommandFailed(str(absent), hint=f"name its namespace with --mesh-namespace; {_OTHERWISE}") from None
    except CommandFailed as failed:
        if asked["anchors_file"] is None:
            raise
        warn(f"no cluster says how the mesh is installed ({failed.told.message})", "--ignore-cluster does not ask")
        return None


class Absent(Exception):
    """There is a cluster, and no installation in it."""


async def _kept(client: Client, namespace: str) -> Kept:
    """Raises ApiError, Absent and CommandFailed."""
    from hauberk.client.vault import ClusterVault, VaultUnavailable
    from hauberk.identity import kept
    from hauberk.install.looking import config

    found = await config(client, namespace)
    text = ((found or {}).get("data") or {}).get("values")
    if text is None:
        raise Absent(f"no mesh is installed in the namespace {namespace}")
    try:
        anchors = kept.bundle_in(await ClusterVault(client, namespace).read("ConfigMap", kept.BUNDLE))
    except VaultUnavailable as error:
        raise CommandFailed(str(error)) from None
    if not anchors:
        raise Absent(f"the mesh in the namespace {namespace} has no roots yet: its identity controller makes them")
    return _values_in(str(text), namespace), anchors


def _values_in(text: str, namespace: str) -> Values:
    from hauberk.injector.installation import ValuesInvalid, values_in

    try:
        return values_in(text)
    except ValuesInvalid as error:
        where = f"the values of the installation in the namespace {namespace}"
        raise CommandFailed(f"{where} are not of this version: {error}", hint="`hauberk upgrade` it first") from None


def _over(values: Values, file: str) -> Values:
    """What the file says, over these values. Raises ManifestInvalid and CommandFailed."""
    from hauberk.install.layering import Asked, layered
    from hauberk.install.overriding import overrides
    from hauberk.install.shape import ValuesInvalid

    documents = [overrides(values), *installing.documents([file])]
    try:
        return layered(Asked(high_availability=values.high_availability, documents=documents))
    except ValuesInvalid as error:
        raise CommandFailed(f"{file}: {error}", hint=error.hint or None) from None


def usage(*, manual: bool, ignores: bool, anchors_file: str | None) -> None:
    """Raises UsageError for what cannot be done together."""
    if manual and ignores and anchors_file is None:
        raise click.UsageError(
            "--manual --ignore-cluster needs --identity-trust-anchors-file: the roots are in the ConfigMap "
            "linkerd-identity-trust-roots"
        )
