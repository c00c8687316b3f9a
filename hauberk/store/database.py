"""The SQLite file: its layout, and what can be wrong with it. Everything here blocks, and runs in one thread."""

import os
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hauberk.model.kinds import by_kind
from hauberk.model.resource import Resource
from hauberk.store.engine import Kept
from hauberk.store.history import Entry
from hauberk.store.protocol import Event, Ref, StoreCorrupt, StoreError, StoreUnavailable, ref_of

SCHEMA_VERSION = 1
"""In `PRAGMA user_version`; 0 is an empty file."""

_APPLICATION_ID = 0x48425244
"""In `PRAGMA application_id`: HBRD. Another program's database is not taken for ours."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (
    api_group TEXT, kind TEXT, namespace TEXT, name TEXT, body BLOB NOT NULL,
    PRIMARY KEY (api_group, kind, namespace, name)
) WITHOUT ROWID;
CREATE TABLE events (revision INTEGER PRIMARY KEY, at REAL NOT NULL, type TEXT NOT NULL, kind TEXT NOT NULL,
                     body BLOB NOT NULL);
"""

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_FULL = "free some space there; writing goes on by itself"


class Database:
    """An open file with our tables. Raises StoreUnavailable and StoreCorrupt."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._explained():
            _make_private(path)
            self._connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
        try:
            with self._explained():
                self._prepare()
        except StoreError:
            self._connection.close()
            raise

    def load(self) -> Kept:
        """Read everything that is kept."""
        with self._explained():
            meta = dict(self._connection.execute("SELECT key, value FROM meta"))
            objects = self._connection.execute("SELECT api_group, kind, namespace, name, body FROM objects").fetchall()
            events = self._connection.execute("SELECT revision, at, type, kind, body FROM events ORDER BY revision")
            try:
                return Kept(
                    identity=str(uuid.UUID(meta["identity"])),
                    revision=int(meta["revision"]),
                    floor=int(meta["floor"]),
                    resources=[_checked(Ref(*names), body) for *names, body in objects],
                    entries=[_entry(*row) for row in events],
                )
            except (KeyError, ValueError, msgspec.MsgspecError) as error:
                raise self._corrupt(f"{type(error).__name__}: {error}") from error

    def append(self, entries: Sequence[Entry], *, floor: int) -> None:
        """Make changes durable, all or none."""
        with self._explained(), self._transaction():
            for entry in entries:
                event = entry.event
                ref, body = ref_of(event.resource), msgspec.json.encode(event.resource)
                if event.type == "put":
                    self._connection.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", (*ref, body))
                else:
                    self._connection.execute(
                        "DELETE FROM objects WHERE (api_group, kind, namespace, name) = (?, ?, ?, ?)", ref
                    )
                self._connection.execute(
                    "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
                    (event.revision, entry.at.timestamp(), event.type, f"{ref.kind}.{ref.group}", body),
                )
            self._connection.execute("DELETE FROM events WHERE revision <= ?", (floor,))
            self._set("revision", entries[-1].event.revision)
            self._set("floor", floor)

    def close(self) -> None:
        """Fold the log into the file where that is possible, and let go."""
        self._connection.close()

    def _prepare(self) -> None:
        run = self._connection.execute
        version, application = run("PRAGMA user_version").fetchone()[0], run("PRAGMA application_id").fetchone()[0]
        if version == 0 and application == 0 and not run("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            self._create()
        elif application != _APPLICATION_ID:
            raise self._corrupt("it is another program's database")
        elif version != SCHEMA_VERSION:
            why = f"{self._path} has layout {version}, and this version of Hauberk reads {SCHEMA_VERSION}"
            raise StoreUnavailable(why, "use the version that wrote it, or another state directory")
        findings = [row[0] for row in run("PRAGMA quick_check(3)")]
        if findings != ["ok"]:
            raise self._corrupt("; ".join(findings))
        run("PRAGMA journal_mode = WAL")
        # FULL: the log is synced at each commit, so that what is acknowledged outlives the process and the machine.
        run("PRAGMA synchronous = FULL")
        self._tell_copies_apart()

    def _create(self) -> None:
        with self._transaction():
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._connection.execute(statement)
            self._set("identity", str(uuid.uuid4()))
            self._set("revision", 0)
            self._set("floor", 0)
            self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _tell_copies_apart(self) -> None:
        """A copy that is put in the place of the file gets an identity of its own.

        Its revisions have been given before, to other states: proxies that saw those would ignore it as outdated.
        """
        inode = str(self._path.stat().st_ino)
        kept = self._connection.execute("SELECT value FROM meta WHERE key = 'inode'").fetchone()
        if kept is not None and kept[0] == inode:
            return
        with self._transaction():
            self._set("inode", inode)
            if kept is not None:
                self._set("identity", str(uuid.uuid4()))

    def _set(self, key: str, value: object) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(value)))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                with closing(self._connection.cursor()) as cursor:
                    cursor.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns SQLite's errors and the system's into the store's."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGED:
                raise self._corrupt(str(error)) from error
            if code == sqlite3.SQLITE_FULL:
                raise StoreUnavailable(f"the disk of {self._path.parent} is full", _FULL) from error
            if code == sqlite3.SQLITE_IOERR:
                hint = "see whether the disk is full or failing; writing goes on by itself when it is well"
                raise StoreUnavailable(f"{self._path} cannot be read or written ({error})", hint) from error
            hint = "see who else uses the file, and whether it may be written"
            raise StoreUnavailable(f"{self._path} cannot be used ({error})", hint) from error
        except OSError as error:
            hint = "see whether the directory exists, is yours and has space"
            raise StoreUnavailable(f"{self._path} cannot be used ({error.strerror})", hint) from error

    def _corrupt(self, why: str) -> StoreCorrupt:
        hint = (
            f"stop the control plane and move {self._path}, {self._path.name}-wal and {self._path.name}-shm away; then "
            "put a copy of the file in its place, or start without one, apply your manifests again and restart the "
            "programs that run in the mesh"
        )
        return StoreCorrupt(str(self._path), why, hint)


def _make_private(path: Path) -> None:
    """Make the file for its owner only, before SQLite does; its companions (-wal, -shm) get the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _entry(revision: int, at: float, change: str, kind: str, body: bytes) -> Entry:
    name, _, group = kind.partition(".")
    resource = _decoded(group, name, body)
    match change:
        case "put" | "delete":
            return Entry(Event(change, resource, revision), datetime.fromtimestamp(at, UTC))
        case _:
            raise ValueError(f"revision {revision} is a {change!r}")


def _checked(ref: Ref, body: bytes) -> Resource:
    resource = _decoded(ref.group, ref.kind, body)
    if ref_of(resource) != ref:
        raise ValueError(f"{ref} holds {ref_of(resource)}")
    return resource


def _decoded(group: str, name: str, body: bytes) -> Resource:
    kind = by_kind(group, name)
    if kind is None:
        raise ValueError(f"{name}.{group} is not a known kind")
    return msgspec.json.decode(body, type=kind.struct)
