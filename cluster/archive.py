"""Images for containers, as archives that containerd takes in: made of files of this machine, without a daemon.

The same contents make the same bytes: nothing in an archive tells when or by whom it was made.
"""

import hashlib
import io
import json
import platform
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from cluster.contents import Contents, Entry
from cluster.failure import ClusterFailed

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LAYER = "layer.tar"


def archive(out: Path, names: Sequence[str], contents: Contents) -> bool:
    """Makes `out`, an image with these names (REPOSITORY:TAG). Returns whether it has changed.

    Raises ClusterFailed if something that it is made of is missing.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    new = out.with_name(f"{out.name}.new")
    with tempfile.TemporaryFile(dir=out.parent) as layer, new.open("wb") as file:
        _write_layer(layer, contents)
        layer.seek(0)
        digest = hashlib.file_digest(layer, "sha256").hexdigest()
        config = json.dumps(_config(contents, digest), sort_keys=True).encode()
        config_name = f"{hashlib.sha256(config).hexdigest()}.json"
        manifest = [{"Config": config_name, "RepoTags": list(names), "Layers": [_LAYER]}]
        with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
            size = layer.seek(0, io.SEEK_END)
            layer.seek(0)
            tar.addfile(_file(_LAYER, size, 0o644), layer)
            for name, data in ((config_name, config), ("manifest.json", json.dumps(manifest).encode())):
                tar.addfile(_file(name, len(data), 0o644), io.BytesIO(data))
    if out.exists() and _same(out, new):
        # Untouched: its time tells those who have loaded it that they need not again.
        new.unlink()
        return False
    new.replace(out)
    return True


def _config(contents: Contents, layer: str) -> dict[str, object]:
    machine = platform.machine()
    return {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {
            "Env": [f"{name}={value}" for name, value in sorted({"PATH": _PATH, **contents.env}.items())],
            "Entrypoint": list(contents.entrypoint),
            "User": contents.user,
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
    }


def _write_layer(out: IO[bytes], contents: Contents) -> None:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, entry in sorted(contents.entries().items()):
            _add(tar, path.lstrip("/"), entry)


def _add(tar: tarfile.TarFile, name: str, entry: Entry) -> None:
    if entry.source is not None:
        try:
            with entry.source.open("rb") as file:
                size = file.seek(0, io.SEEK_END)
                file.seek(0)
                tar.addfile(_file(name, size, entry.mode), file)
        except FileNotFoundError:
            raise ClusterFailed(f"{entry.source} is missing. Try: python -m cluster build") from None
        return
    info = _file(name, 0, entry.mode)
    if entry.target is not None:
        info.type, info.linkname = tarfile.SYMTYPE, entry.target
    else:
        info.type = tarfile.DIRTYPE
    tar.addfile(info)


def _file(name: str, size: int, mode: int) -> tarfile.TarInfo:
    """Of nobody's and without a time, both of which TarInfo starts with."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, mode
    return info


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        return hashlib.file_digest(first, "sha256").digest() == hashlib.file_digest(second, "sha256").digest()
