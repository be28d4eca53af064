"""Opening the database, transactions, and SQLite's errors in words a person can act on."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from engine.errors import DatabaseHeld, StorageError, shown
from storage import schema

PATIENCE = 5.0  # seconds to wait for another process that is writing
DAMAGED = "The workspace's database is damaged, or was changed by another program"
BRING_BACK = "Move it away or bring back a copy."
MOVED = (
    "The workspace's database was removed or replaced while it was in use.",
    "Bring it back, or start Warmstart again with the workspace as it is now.",
)

_WORDS = {
    sqlite3.SQLITE_FULL: (
        "The workspace's disk is full.",
        "Free some space: a run at work goes on being saved, anything else has to be asked for again.",
    ),
    sqlite3.SQLITE_BUSY: ("Another program is holding the database.", "Close it, or try again in a moment."),
    sqlite3.SQLITE_LOCKED: ("Another program is holding the database.", "Close it, or try again in a moment."),
    sqlite3.SQLITE_READONLY: ("The workspace's database cannot be written.", "Make its folder and files writable."),
    sqlite3.SQLITE_PERM: ("The workspace's database may not be opened.", "Make its folder and files writable."),
    sqlite3.SQLITE_IOERR: ("The workspace's disk does not answer properly.", "Check the disk or the network drive."),
    sqlite3.SQLITE_CANTOPEN: ("The workspace's database cannot be opened.", "Check that its folder is writable."),
    sqlite3.SQLITE_CORRUPT: (f"{DAMAGED}.", BRING_BACK),
    sqlite3.SQLITE_NOTADB: (
        "The file warmstart.db of the workspace is not a database.",
        "Move it away, or choose another folder with --workspace.",
    ),
}


class OpenDatabase(sqlite3.Connection):
    """A connection that knows which file it opened: one that was removed would be written on without a word. Threads
    that have it together take turns."""

    path: Path | None = None
    file = (0, 0)
    patience = PATIENCE

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._turns = threading.RLock()

    @contextmanager
    def turn(self, patience: float = PATIENCE) -> Iterator[None]:
        """Nobody else uses it meanwhile. Raises `DatabaseHeld` where that is not so within `patience` seconds."""
        if not self._turns.acquire(timeout=patience):
            raise DatabaseHeld(*_WORDS[sqlite3.SQLITE_BUSY])
        try:
            yield
        finally:
            self._turns.release()

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As ever; letters that are no Unicode, as file names may have, are kept as “?”."""
        try:
            return super().execute(sql, parameters)
        except UnicodeEncodeError:
            if isinstance(parameters, dict):
                return super().execute(sql, {name: _unicode(value) for name, value in parameters.items()})
            return super().execute(sql, [_unicode(value) for value in parameters])

    def of(self, path: Path) -> None:
        self.path, self.file = path, _identity(path)

    def wait(self, patience: float) -> None:
        """So many seconds for whoever else is writing, from now on."""
        if patience != self.patience:
            self.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
            self.patience = patience

    def check(self) -> None:
        """Raise `StorageError` when the file is no longer where it was opened."""
        try:
            same = self.path is None or _identity(self.path) == self.file
        except OSError:
            same = False
        if not same:
            raise StorageError(*MOVED)


def _unicode(value: object) -> object:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


@contextmanager
def told() -> Iterator[None]:
    """Turn SQLite's errors into `StorageError`: disk, locks, damage, tables that are not ours. Misuse passes."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.DatabaseError as error:
        extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        code = extended & 0xFF
        words = _WORDS.get(code, (f"{DAMAGED} ({shown(str(error))}).", BRING_BACK))
        if extended == sqlite3.SQLITE_READONLY_DBMOVED:  # between the check and the writing
            words = MOVED
        held = code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        raise (DatabaseHeld if held else StorageError)(*words) from error


@contextmanager
def understood() -> Iterator[None]:
    """For what only reads: values in the database that make no sense are damage too."""
    try:
        with told():
            yield
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise StorageError(f"{DAMAGED} ({shown(str(error))}).", BRING_BACK) from error


@contextmanager
def writing(connection: sqlite3.Connection, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
    """One write transaction, all or nothing. Takes the write lock at once, so that what is read inside stays true.
    patience: seconds to wait for whoever else is writing."""
    with told(), _turn(connection, patience):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def makes_room(connection: sqlite3.Connection, error: StorageError) -> bool:
    """Move the write-ahead log into the database where a disk refused it more space; true when that shortened it."""
    code = getattr(error.__cause__, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return False
    with suppress(sqlite3.Error, StorageError), _turn(connection, PATIENCE):
        busy, moved, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy and moved >= 0
    return False


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Several questions about the same moment, whatever others write meanwhile. Keep it short."""
    with understood(), _turn(connection, PATIENCE):
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


@contextmanager
def _turn(connection: sqlite3.Connection, patience: float) -> Iterator[None]:
    """See `OpenDatabase.turn`; its file is where it was, and another program is waited for as long."""
    if not isinstance(connection, OpenDatabase):
        yield
        return
    with connection.turn(patience):
        connection.check()
        connection.wait(patience)
        yield


def connect(path: Path, alone: bool = True) -> OpenDatabase:
    """Open (or create) the database with its tables up to date; raises `StorageError`. alone: one thread has it."""
    with understood():
        connection = sqlite3.connect(
            path, timeout=PATIENCE, isolation_level=None, factory=OpenDatabase, check_same_thread=alone
        )
        try:
            prepare(connection)
            connection.of(path)
        except BaseException:
            connection.close()
            raise
    return connection


def prepare(connection: sqlite3.Connection, migrations: Migrations = schema.MIGRATIONS) -> None:
    """Refuse what is not ours or newer, bring the tables up to date, and set what every connection needs."""
    connection.row_factory = sqlite3.Row
    connection.text_factory = _text
    if not _is_current(connection, migrations):
        database = Database(connection, recursive_triggers=False, execute_plugins=False)
        refuse_unknown(database, migrations)
        if migrations.pending(database):
            upgrade(database, migrations)
    switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _is_current(connection: sqlite3.Connection, migrations: Migrations) -> bool:
    """Whether it has these tables and no others, asked in one question: each run at work opens the database."""
    query = f"SELECT name FROM {migrations.migrations_table} WHERE migration_set = ?"
    try:
        names = {row["name"] for row in connection.execute(query, (migrations.name,))}
    except sqlite3.OperationalError:  # it has no such table, or whatever is found out next
        return False
    return names == {migration.name for migration in migrations._migrations}


def _text(stored: bytes) -> str:
    """One flipped bit in a name spoils that letter, not the list."""
    return stored.decode(errors="replace")


def refuse_unknown(database: Database, migrations: Migrations) -> None:
    """Raise `StorageError` for a database of another program or of a newer Warmstart; changes nothing."""
    tables = database.table_names()  # before `applied`: another process may be creating them just now
    applied = {migration.name for migration in migrations.applied(database)}
    if tables and not applied:
        raise StorageError(
            "The database in this workspace was made by another program.", "Choose another folder with --workspace."
        )
    if applied - {migration.name for migration in migrations._migrations}:
        raise StorageError(
            "This workspace was last used by a newer version of Warmstart.",
            "Update Warmstart, or choose another folder with --workspace; nothing was changed.",
        )


def upgrade(database: Database, migrations: Migrations) -> None:
    """Apply all pending migrations in one transaction; a second process waits and finds nothing left to do."""
    database.conn.execute("PRAGMA foreign_keys=OFF")
    with writing(database.conn) as connection:
        refuse_unknown(database, migrations)
        migrations.apply(database)
        if broken := connection.execute("PRAGMA foreign_key_check").fetchall():
            raise StorageError(
                f"The workspace's database cannot be brought up to date ({len(broken)} rows refer to nothing).",
                "Keep a copy of the workspace and report this; nothing was changed.",
            )


def switch_to_wal(connection: sqlite3.Connection) -> None:
    """Readers and one writer at a time side by side. SQLite does not wait by itself here, so this tries again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
