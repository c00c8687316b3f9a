"""Writes what the fuzz targets begin with: proxy/fuzz/seeds and proxy/fuzz/dictionaries, always the same."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fuzz_answers import http1_response, http2_response
from fuzz_dns import queries, replies
from fuzz_messages import control
from fuzz_records import WORDS as RECORDS
from fuzz_records import records
from fuzz_wire import WEB, detection, headers, hellos, http1, http2, tls

FUZZ = Path(__file__).resolve().parent.parent / "proxy" / "fuzz"
CONTRACT = FUZZ.parent / "crates" / "proxy" / "src" / "config" / "tests.rs"


def variables() -> list[str]:
    source = CONTRACT.read_text()
    found = re.search(r'const CONTRACT: &str = "(.*?)";', source, re.DOTALL)
    if found is None:
        raise SystemExit(f"{CONTRACT} no longer lists the variables of the contract")
    own = ["FRONT_LISTEN_ADDR", "FRONT_TARGET", "VIEW_CONFIRM", "SECCOMP"]
    return [f"LINKERD2_PROXY_{name}" for name in found[1].split()] + [f"HAUBERK_PROXY_{name}" for name in own]


def environments() -> dict[str, bytes]:
    values = {"PORTS": "25,4000-4002", "NETWORKS": "10.0.0.0/8,fd00::/8", "ADDR": "127.0.0.1:4143", "TIMEOUT": "3s"}
    lines = [f"{name}={next((value for word, value in values.items() if word in name), '1')}" for name in variables()]
    size = 10
    return {f"{at // size}": "\n".join(lines[at : at + size]).encode() for at in range(0, len(lines), size)}


def certificates() -> dict[str, bytes]:
    """The first byte says what follows: roots, a leaf, a chain, or the names of a leaf that is signed."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    day = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day.replace(year=2120))
    root = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, None)
    leaf = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(WEB)]), critical=False).sign(key, None)
    der, pem = leaf.public_bytes(Encoding.DER), root.public_bytes(Encoding.PEM)
    dns = b"\x82" + bytes([len(WEB)]) + WEB.encode()
    uri = b"\x86\x0bspiffe://a/"
    return {
        "roots": b"\0" + pem + pem,
        "leaf": b"\x01" + der,
        "chain": b"\x02" + der + root.public_bytes(Encoding.DER),
        "names": b"\x03\x30" + bytes([len(dns) + len(uri)]) + uri[:13] + dns,
        "name": b"\x03\x30" + bytes([len(dns)]) + dns,
        "name-of-parts": b"\x03\x30" + bytes([len(dns)]) + b"\xa2" + dns[1:],
    }


ANSWERS_HTTP1 = [
    *(
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.1 100 \r\n\r\n",
        "HTTP/1.1 101 \r\n",
        "HTTP/1.1 103 \r\n\r\n",
    ),
    *(
        "HTTP/1.1 204 \r\n",
        "HTTP/1.1 304 \r\n",
        "HTTP/1.1 502 \r\n",
        "content-length: 2\r\n",
        "content-length: 0\r\n\r\n",
    ),
    *(
        "transfer-encoding: chunked\r\n",
        "connection: close\r\n",
        "connection: keep-alive\r\n",
        "connection: upgrade\r\n",
    ),
    *(
        "upgrade: x\r\n",
        "trailer: t\r\n",
        "l5d-proxy-error: a\r\n",
        "l5d-orig-proto: HTTP/1.1\r\n",
        "keep-alive: 1\r\n",
    ),
    *("\r\n\r\n", "0\r\n\r\n", "0\r\nt: u\r\n\r\n", "2\r\nok\r\n", "ok", "\n", "\r", "\t", ";x=y", ", "),
]
ANSWERS_HTTP2 = [
    *("\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x07"),
    *("\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88", "\x00\x00\x01\x01\x05\x00\x00\x00\x03\x89"),
    *("\x00\x00\x01\x00\x01\x00\x00\x00\x01a", "\x00\x00\x01\x00\x00\x00\x00\x00\x03b"),
    *("\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", "\x48\x03103", "\x48\x03101"),
    *(
        "\x5c\x014",
        "content-length",
        "grpc-status",
        "transfer-encoding",
        "connection",
        "l5d-proxy-error",
        "\x40\x01t\x01u",
    ),
]
WORDS = {
    "http1_response": ANSWERS_HTTP1,
    "http2_response": ANSWERS_HTTP2,
    "tls_records": RECORDS,
    "http1": [
        *("GET ", "POST ", "HEAD ", "CONNECT ", "OPTIONS ", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "/ok", "/no", "http://a"),
        *("host: a\r\n", "content-length: ", "transfer-encoding: chunked\r\n", "connection: close\r\n", "expect: "),
        *("connection: upgrade\r\n", "upgrade: x\r\n", "100-continue\r\n", "\r\n\r\n", "0\r\n\r\n", "3\r\nabc\r\n"),
        *("keep-alive", "te: trailers\r\n", "trailer: ", "l5d-client-id: ", "%2e%2e", "%2f", "..%5c", "\t", "\n", "\r"),
    ],
    "http2": [
        *("\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00\x00\x04\x03\x00\x00\x00\x00\x01", "\x00\x00\x08\x06\x00"),
        *(
            "\x01\x05\x00\x00\x00\x01",
            "\x01\x04\x00\x00\x00\x03",
            "\x09\x04\x00\x00\x00\x01",
            "\x00\x01\x00\x00\x00\x01",
        ),
        *("\x44\x03/ok", "\x44\x03/no", "\x41\x01a", "content-length", "te", "trailers", ":protocol", "\x3f\xe1\x1f"),
    ],
}


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def dictionary(words: list[str]) -> bytes:
    return "".join(f'"{"".join(map(escaped, word))}"\n' for word in words).encode()


def escaped(character: str) -> str:
    plain = (character.isascii() and character.isalnum()) or character in " /:-_%."
    return character if plain else f"\\x{ord(character):02x}"


def main() -> None:
    seeds = {
        "certificates": certificates(),
        "client_hello": hellos(),
        "control": control(),
        "detect": detection(),
        "dns": queries(),
        "dns_reply": replies(),
        "environment": environments(),
        "http1": http1(),
        "http1_response": http1_response(),
        "http2": http2(),
        "http2_response": http2_response(),
        "tls": tls(),
        "tls_records": records(),
        "transport_header": headers(),
    }
    for folder in ("seeds", "dictionaries"):
        shutil.rmtree(FUZZ / folder, ignore_errors=True)
    for target, files in seeds.items():
        write(FUZZ / "seeds" / target, files)
    words = WORDS | {"environment": [f"{name}=" for name in variables()] + ["127.0.0.1:80", "unix:/a", "10s", "true"]}
    write(FUZZ / "dictionaries", {target: dictionary(all_of) for target, all_of in words.items()})


if __name__ == "__main__":
    main()
