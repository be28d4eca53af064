"""Opening the database, transactions, and SQLite's errors in words a person can act on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database, Migrations

from engine.errors import StorageError
from storage import schema

PATIENCE = 5.0  # seconds to wait for another process that is writing

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
    sqlite3.SQLITE_CORRUPT: ("The workspace's database is damaged.", "Move it away or bring back a copy."),
    sqlite3.SQLITE_NOTADB: (
        "The file warmstart.db of the workspace is not a database.",
        "Move it away, or choose another folder with --workspace.",
    ),
}


@contextmanager
def told() -> Iterator[None]:
    """Turn SQLite's errors about the disk, locks and damage into `StorageError`; mistakes of the program pass."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _WORDS:
            raise StorageError(*_WORDS[code]) from error
        if isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
            raise StorageError(f"The workspace's database cannot be used ({error}).", "Try again.") from error
        raise


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction, all or nothing. Takes the write lock at once, so that what is read inside stays true."""
    with told():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Several questions about the same moment, whatever others write meanwhile. Keep it short."""
    with told():
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def connect(path: Path) -> sqlite3.Connection:
    """Open (or create) the database with its tables up to date; raises `StorageError`."""
    with told():
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        try:
            prepare(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def prepare(connection: sqlite3.Connection, migrations: Migrations = schema.MIGRATIONS) -> None:
    """Refuse what is not ours or newer, bring the tables up to date, and set what every connection needs."""
    connection.row_factory = sqlite3.Row
    database = Database(connection, recursive_triggers=False)
    refuse_unknown(database, migrations)
    if migrations.pending(database):
        upgrade(database, migrations)
    switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def refuse_unknown(database: Database, migrations: Migrations) -> None:
    """Raise `StorageError` for a database of another program or of a newer Warmstart; changes nothing."""
    tables = database.table_names()  # before `applied`: another process may be creating them just now
    applied = {migration.name for migration in migrations.applied(database)}
    if tables and not applied:
        raise StorageError(
            "The database in this workspace was made by another program.",
            "Choose another folder with --workspace.",
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
