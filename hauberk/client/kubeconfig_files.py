"""kubeconfig files → one configuration, by kubectl's rules: whatever is there first counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Self, TypeVar

import msgspec

from hauberk.client.errors import Misconfigured
from hauberk.client.exec_plugin import Plugin
from hauberk.client.nulls import without_nulls
from hauberk.model.problem import ManifestInvalid
from hauberk.model.yaml import documents


class ClusterEntry(msgspec.Struct, frozen=True, rename="kebab"):
    """Fields that are not here are other tools' affair; so in the other entries."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    proxy_url: str = ""


class UserEntry(msgspec.Struct, frozen=True, rename="kebab"):
    """Much of it is secret."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    as_: str = msgspec.field(default="", name="as")
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: dict[str, tuple[str, ...]] = {}
    username: str = ""
    auth_provider: dict[str, object] | None = None
    exec: Plugin | None = None

    def __repr__(self) -> str:
        return "UserEntry(…)"

    def acting_as(self, user: str, groups: tuple[str, ...]) -> Self:
        return msgspec.structs.replace(self, as_=user, as_groups=groups)


class ContextEntry(msgspec.Struct, frozen=True, rename="kebab"):
    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(msgspec.Struct, frozen=True):
    name: str
    cluster: ClusterEntry = ClusterEntry()


class _NamedUser(msgspec.Struct, frozen=True):
    name: str
    user: UserEntry = UserEntry()


class _NamedContext(msgspec.Struct, frozen=True):
    name: str
    context: ContextEntry = ContextEntry()


class _File(msgspec.Struct, frozen=True, rename="kebab"):
    clusters: tuple[_NamedCluster, ...] = ()
    users: tuple[_NamedUser, ...] = ()
    contexts: tuple[_NamedContext, ...] = ()
    current_context: str = ""


E = TypeVar("E")


@dataclass(frozen=True)
class Found(Generic[E]):
    """An entry, and where it is from."""

    what: str
    """Such as `the user 'alice'`."""
    entry: E
    file: Path

    @property
    def directory(self) -> Path:
        """In which the entry's own paths begin."""
        return self.file.absolute().parent

    def __str__(self) -> str:
        return f"{self.what} in {self.file}"


@dataclass
class Kubeconfig:
    """All files together."""

    files: tuple[Path, ...] = ()
    """Those that exist."""
    clusters: dict[str, Found[ClusterEntry]] = field(default_factory=dict)
    users: dict[str, Found[UserEntry]] = field(default_factory=dict)
    contexts: dict[str, Found[ContextEntry]] = field(default_factory=dict)
    current_context: str = ""


def places(environ: Mapping[str, str], *, explicit: str | None = None) -> Sequence[Path]:
    """The files to read: the one that is named, else those of KUBECONFIG, else `~/.kube/config`."""
    if explicit:
        return [Path(explicit)]
    if named := environ.get("KUBECONFIG"):
        return [Path(part) for part in dict.fromkeys(named.split(":")) if part]
    home = environ.get("HOME")
    return [Path(home) / ".kube" / "config"] if home else []


def merged(paths: Iterable[Path], *, needed: bool = False) -> Kubeconfig:
    """Read the files that exist; with `needed`, all have to. Raises Misconfigured, with the file."""
    found = Kubeconfig()
    for path in paths:
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            if needed:
                raise Misconfigured(f"there is no file {path}: name another with --kubeconfig") from error
            continue
        except OSError as error:
            raise Misconfigured(f"{path} cannot be read ({error.strerror}): see whose it is") from error
        _add(found, path, content)
    return found


def _add(found: Kubeconfig, path: Path, content: bytes) -> None:
    try:
        read = documents(content, file=str(path))
        file = msgspec.convert(without_nulls(read[0].raw if read else {}), _File)
    except ManifestInvalid as error:
        raise Misconfigured(str(error)) from error
    except msgspec.ValidationError as error:
        raise Misconfigured(f"{path} is not a kubeconfig: {error}") from error
    found.files = (*found.files, path)
    for cluster in file.clusters:
        found.clusters.setdefault(cluster.name, Found(f"the cluster {cluster.name!r}", cluster.cluster, path))
    for user in file.users:
        found.users.setdefault(user.name, Found(f"the user {user.name!r}", user.user, path))
    for context in file.contexts:
        found.contexts.setdefault(context.name, Found(f"the context {context.name!r}", context.context, path))
    found.current_context = found.current_context or file.current_context
