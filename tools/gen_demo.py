"""Generates deploy/demo.yaml, the demo for `kubectl apply`, from demo/ and its cast (`--check`: is it current?)."""

import sys
from pathlib import Path

from hauberk.cli.output import document
from hauberk.demo.objects import whole
from hauberk.demo.staging import by_default

TARGET = Path(__file__).resolve().parent.parent / "deploy" / "demo.yaml"
_HEAD = """\
# A shop of unmodified programs in the mesh, as `hauberk demo --kubernetes --print` gives it; by tools/gen_demo.py.
#     kubectl apply -f demo.yaml
#     kubectl delete -f demo.yaml
"""


def generated() -> str:
    documents = whole(by_default("hauberk-demo", "hauberk"))
    return _HEAD + "".join(f"---\n{document(each, 'yaml')}\n" for each in documents)


def main() -> None:
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(generated())
    elif not TARGET.exists() or TARGET.read_text() != generated():
        raise SystemExit("deploy/demo.yaml is not current: run `make chart`")


if __name__ == "__main__":
    main()
