"""What an entry of a kubeconfig proves a client with, and whom it trusts."""

import ssl
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from msgspec import structs

from hauberk.client.endpoint import Token
from hauberk.client.errors import Misconfigured
from hauberk.client.exec_plugin import ExecCredentials, Plugin
from hauberk.client.kubeconfig_files import ClusterEntry, Found, UserEntry
from hauberk.client.tls import present, trusting
from hauberk.client.token_file import TokenFile
from hauberk.runtime.clock import Clock

Entry = TypeVar("Entry", ClusterEntry, UserEntry)


def tls_of(cluster: Found[ClusterEntry], user: Found[UserEntry]) -> ssl.SSLContext:
    """Data counts more than files, as in kubectl. Raises Misconfigured."""
    entry = cluster.entry
    authority = _authority(cluster)
    if authority is not None and entry.insecure_skip_tls_verify:
        raise Misconfigured(f"{cluster} has an authority and insecure-skip-tls-verify: take one of them out")
    context = trusting(authority, verify=not entry.insecure_skip_tls_verify)
    certificate = _pem(user, user.entry.client_certificate_data, user.entry.client_certificate, "client-certificate")
    key = _pem(user, user.entry.client_key_data, user.entry.client_key, "client-key")
    if bool(certificate) != bool(key):
        raise Misconfigured(f"{user} has only one of client-certificate and client-key: both are needed")
    if certificate:
        present(context, certificate, key, where=f"client-certificate and client-key of {user}")
    return context


def credentials_of(
    user: Found[UserEntry], cluster: Found[ClusterEntry], tls: ssl.SSLContext | None, clock: Clock
) -> Token | None:
    """How the client gets its token. Raises Misconfigured."""
    entry = user.entry
    if entry.username:
        raise Misconfigured(f"{user} has a password, which Kubernetes no longer takes: use a token or a certificate")
    if entry.auth_provider is not None:
        raise Misconfigured(f"{user} has an auth-provider, which Kubernetes has given up: use its exec plugin")
    if entry.exec is not None:
        return _from_plugin(entry.exec, user, cluster, tls, clock)
    if entry.token_file:
        return TokenFile(user.directory / entry.token_file)
    return (lambda: entry.token) if entry.token else None


def impersonation(user: UserEntry) -> tuple[tuple[str, str], ...]:
    """The headers of a request that is made in somebody else's name. Raises Misconfigured."""
    if not user.as_:
        if user.as_groups or user.as_uid or user.as_user_extra:
            raise Misconfigured("a group to act as needs a user to act as: name one with --as")
        return ()
    extra = [
        (f"Impersonate-Extra-{quote(key, safe='')}", value)
        for key, values in user.as_user_extra.items()
        for value in values
    ]
    uid = [("Impersonate-Uid", user.as_uid)] if user.as_uid else []
    return (("Impersonate-User", user.as_), *(("Impersonate-Group", group) for group in user.as_groups), *uid, *extra)


def _authority(cluster: Found[ClusterEntry]) -> Path | str | None:
    entry = cluster.entry
    if entry.certificate_authority_data:
        raw = _decoded(entry.certificate_authority_data, cluster, "certificate-authority-data")
        return raw.decode("ascii", errors="replace")
    return cluster.directory / entry.certificate_authority if entry.certificate_authority else None


def _from_plugin(
    plugin: Plugin, user: Found[UserEntry], cluster: Found[ClusterEntry], tls: ssl.SSLContext | None, clock: Clock
) -> Token:
    if "/" in plugin.command:
        plugin = structs.replace(plugin, command=str(user.directory / plugin.command))
    where = f"the certificate and key that the plugin of {user} gave"

    def show(certificate: bytes, key: bytes) -> None:
        if tls is not None:
            present(tls, certificate, key, where=where)

    told = _cluster_info(cluster) if plugin.provide_cluster_info else {}
    return ExecCredentials(plugin, told, show, clock=clock).token


def _cluster_info(cluster: Found[ClusterEntry]) -> dict[str, object]:
    """Of ExecCredential's `spec.cluster`: what the program may have to know. Its data is always in place."""
    entry = cluster.entry
    told = {
        "server": entry.server,
        "tls-server-name": entry.tls_server_name,
        "insecure-skip-tls-verify": entry.insecure_skip_tls_verify,
        "certificate-authority-data": entry.certificate_authority_data,
    }
    if entry.certificate_authority and not entry.certificate_authority_data:
        raw = _contents(cluster, entry.certificate_authority, "certificate-authority")
        told["certificate-authority-data"] = b64encode(raw).decode()
    return {key: value for key, value in told.items() if value}


def _pem(found: Found[UserEntry], data: str, file: str, field: str) -> bytes:
    if data:
        return _decoded(data, found, f"{field}-data")
    return _contents(found, file, field) if file else b""


def _decoded(data: str, found: Found[Entry], field: str) -> bytes:
    try:
        return b64decode(data, validate=True)
    except ValueError as error:
        raise Misconfigured(f"{field} of {found} is not base64") from error


def _contents(found: Found[Entry], file: str, field: str) -> bytes:
    path = found.directory / file
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path}, the {field} of {found}, cannot be read ({error.strerror})") from error
