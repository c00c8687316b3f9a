"""nginx as a proxy in front of a recorder: what another reader makes of the same bytes."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meshkit.until import until

_CONF = """
daemon off; worker_processes 1; error_log {place}/error.log; pid {place}/pid;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;
  uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;
  client_header_buffer_size 32k; large_client_header_buffers 4 64k; client_max_body_size 0; merge_slashes off;
  proxy_set_header Host $host; proxy_set_header Connection ""; proxy_ignore_client_abort on; proxy_intercept_errors off;
  {servers}
}}
"""
_SERVER = "server {{ listen unix:{near}; location / {{ proxy_pass http://unix:{far}:; }} }}"


@contextmanager
def nginx(place: Path, lanes: int) -> Iterator[tuple[list[Path], list[socket.socket]]]:
    """Its sockets to connect to, and the listening ones of the programs behind them. Every user may pass to `place`."""
    place.mkdir(mode=0o755)
    near = [place / f"near{lane}" for lane in range(lanes)]
    far = [place / f"far{lane}" for lane in range(lanes)]
    listening = []
    for path in far:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o777)
        listener.listen(64)
        listening.append(listener)
    servers = "\n  ".join(_SERVER.format(near=one, far=other) for one, other in zip(near, far, strict=True))
    (place / "conf").write_text(_CONF.format(place=place, servers=servers))
    process = subprocess.Popen(["nginx", "-e", str(place / "error.log"), "-c", str(place / "conf")])
    try:
        until("nginx listens", lambda: process.poll() is not None or all(path.exists() for path in near))
        assert process.poll() is None, (place / "error.log").read_text()
        yield near, listening
    finally:
        process.terminate()
        process.wait(10)
