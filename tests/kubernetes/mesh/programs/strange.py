"""Requests by hand, as no library would write them: each with another name of its server, and headers of any bytes."""

import socket
import sys
import time

host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
STRANGE = [
    rb'a"b',
    rb"a\b",
    rb"a\nb",
    rb'",x="y',
    rb'"} 1 web{a="',
    b"\xff\xfe",
    b"\xc3\xa4.example",
    b"x" * 4000,
    b"[::1",
    b"a b",
    b"",
]


def ask(authority: bytes, path: bytes = b"/") -> bytes:
    with socket.create_connection((host, port), timeout=10) as to:
        to.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: " + authority + b"\r\nConnection: close\r\n\r\n")
        answer = b""
        try:
            while block := to.recv(65536):
                answer += block
        except ConnectionResetError:
            return b"reset"
        return answer.split(b"\r\n", 1)[0]


for name in STRANGE:
    print(repr(name[:20]), ask(name))
    print(repr(name[:20]), ask(b"web", b"http://" + name + b"/" + name.replace(b" ", b"")), flush=True)
for number in range(count):
    ask(b"name-%d.example" % number, b"/%d" % number)
print("done", flush=True)
while True:
    time.sleep(1000)
