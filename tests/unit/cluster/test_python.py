"""A Python in an image is whole, small, and compiled once for all."""

import subprocess
import sys
from pathlib import Path

from cluster import python


def test_the_interpreter_runs_with_what_is_staged_and_nothing_else(tmp_path: Path) -> None:
    library = python.library(tmp_path / "usr" / "lib")
    program = "import ssl, asyncio, json, ctypes; print(json.__file__)"
    told = subprocess.run(
        [python.interpreter(), "-S", "-c", program],
        env={"PYTHONHOME": str(tmp_path / "usr")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout.strip() == str(library / "json" / "__init__.py")


def test_what_no_server_needs_is_left_out(tmp_path: Path) -> None:
    library = python.library(tmp_path)
    assert not (library / "test").exists()
    assert not (library / "site-packages").exists()
    assert (library / "asyncio" / "tasks.py").exists()


def test_it_is_made_once(tmp_path: Path) -> None:
    library = python.library(tmp_path)
    made = (library / "json" / "__init__.py").stat().st_ino
    assert (python.library(tmp_path) / "json" / "__init__.py").stat().st_ino == made


def test_modules_are_compiled_so_that_times_mean_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source" / "mine"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("x = 1\n")
    package = python.package(tmp_path, source)
    compiled = next((package / "__pycache__").glob("__init__.*.pyc")).read_bytes()
    # PEP 552: the second word is 1 for a hash that is never checked.
    assert int.from_bytes(compiled[4:8], "little") == 1


def test_a_package_is_always_the_one_of_now(tmp_path: Path) -> None:
    source = tmp_path / "source" / "mine"
    source.mkdir(parents=True)
    (source / "old.py").write_text("")
    python.package(tmp_path, source)
    (source / "old.py").rename(source / "new.py")
    package = python.package(tmp_path, source)
    assert sorted(path.name for path in package.glob("*.py")) == ["new.py"]


def test_libraries_of_modules_in_c_are_found() -> None:
    folder = Path(next(path for path in sys.path if path.endswith("lib-dynload")))
    found = python.shared_libraries(folder)
    assert any(Path(path).name.startswith("libc.so") for path in found)
    assert all(path.is_file() for path in found.values())
