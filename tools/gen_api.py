"""Generates the Python code of the contract from api/ into hauberk/_api/ (`--check`: says whether it is current)."""

from __future__ import annotations

import filecmp
import re
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "api"
TARGET = ROOT / "hauberk" / "_api"
PACKAGE_DOC = '"""Generated from api/ by tools/gen_api.py. Only wire.py and server.py files import it."""\n'

# protoc writes imports as if its output stood at the top of the path; ours is a package within one.
_ABSOLUTE_IMPORT = re.compile(r"^from (linkerd|hauberk) import (\w+_pb2)", re.MULTILINE)


def generate(target: Path) -> None:
    """Writes the whole package into an empty folder."""
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    protos = sorted(str(path) for path in SOURCE.rglob("*.proto"))
    flags = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(["protoc", f"-I{SOURCE}", f"-I{well_known}", *flags, *protos]) != 0:
        raise SystemExit("protoc refused the files in api/ (see above)")
    for folder in (target, target / "linkerd", target / "hauberk"):
        (folder / "__init__.py").write_text(PACKAGE_DOC)
    for path in target.rglob("*.py*"):
        path.write_text(_ABSOLUTE_IMPORT.sub(r"from hauberk._api.\1 import \2", path.read_text()))


def differs(left: Path, right: Path) -> bool:
    """Whether two trees differ in any generated file."""
    names = {p.relative_to(left) for p in left.rglob("*.py*")} | {
        p.relative_to(right) for p in right.rglob("*.py*") if "__pycache__" not in p.parts
    }
    return any(
        not (left / n).exists() or not (right / n).exists() or not filecmp.cmp(left / n, right / n, shallow=False)
        for n in names
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        if "--check" in sys.argv[1:]:
            if differs(fresh, TARGET):
                raise SystemExit("hauberk/_api is not what api/ gives: run `make api` and commit the result")
            return
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(fresh, TARGET)


if __name__ == "__main__":
    main()
