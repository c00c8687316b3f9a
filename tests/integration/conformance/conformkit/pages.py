"""nginx as a program of the mesh."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from meshkit.mesh import Mesh
from meshkit.workload import Workload

BIG = os.urandom(3 * 1024 * 1024)
_CONF = """
daemon off; worker_processes 1; error_log stderr; pid {place}/pid;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;
  uwsgi_temp_path {place}/d; scgi_temp_path {place}/e; default_type text/plain;
  keepalive_requests {requests}; client_max_body_size 0; client_body_buffer_size 4m;
  absolute_redirect off; gzip on; gzip_min_length 1; gzip_types text/plain;
  server {{
    listen 8080 {protocol}; root {place}; error_page 405 =200 $uri;
    location ~ ^/(echo|whole)$ {{ proxy_pass http://127.0.0.1:8081; }}
    location /gone {{ return 301 /big; }}
  }}
  server {{
    listen 127.0.0.1:8081;
    location /echo {{ return 200 "$request_method $content_length"; }}
    location /whole {{ return 200 "{text}"; }}
  }}
}}
"""


@contextmanager
def nginx(mesh: Mesh, name: str, protocol: str = "", *, requests: int = 1_000_000) -> Iterator[Workload]:
    """`protocol`: `http2`, or nothing for HTTP/1; `requests`: how many a connection carries. Serves /index.html, /big,
    /gone, and once a request is whole /echo and /whole.
    """
    place = mesh.root / name
    place.mkdir(mode=0o755)
    (place / "index.html").write_bytes(b"hello\n" * 1000)
    (place / "big").write_bytes(BIG)
    (place / "conf").write_text(_CONF.format(place=place, protocol=protocol, requests=requests, text="hello " * 50))
    pages = mesh.run(name, ["nginx", "-c", str(place / "conf")], ports=["80:8080"]).ready()
    yield pages
    pages.stop()
