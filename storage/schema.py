"""The tables, as numbered, append-only migrations.

Rules. A migration that has been released is never edited: a change is a new function at the end. Whoever adds a field
to `Experiment` also adds a migration (it may do nothing), so that an older program refuses the file instead of
misreading it. All migrations that are due run in one transaction with foreign keys off (see `connection.upgrade`).
Times are seconds since the epoch (UTC). Curves and predictions are little-endian blobs.
"""

from __future__ import annotations

import re

from sqlite_utils import Database, Migrations

from storage.old_results import restate
from storage.rehash import rehash

MIGRATIONS = Migrations("warmstart")

FIRST = """
-- one row per distinct environment, shared by many runs; packages and hardware are JSON
CREATE TABLE env(id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, python TEXT NOT NULL, packages TEXT NOT NULL,
  hardware TEXT NOT NULL) STRICT;
-- AUTOINCREMENT: the id of a purged run is never given to another run
CREATE TABLE run(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid TEXT NOT NULL UNIQUE CHECK(uid <> '' AND uid NOT GLOB '*[^a-z0-9]*'),  -- also the name of its folder
  name TEXT NOT NULL, plan TEXT NOT NULL DEFAULT '',
  family TEXT NOT NULL CHECK(family IN('finetune','meta')),
  state TEXT NOT NULL CHECK(state IN('queued','running','paused','finished','stopped','failed','interrupted')),
  created REAL NOT NULL, started REAL, ended REAL,
  heartbeat REAL, owner TEXT,                                 -- the process that works on it: see presence.py
  seed INTEGER NOT NULL,
  experiment TEXT NOT NULL, group_hash TEXT NOT NULL,         -- canonical JSON; the hash leaves the seed out
  env_id INTEGER REFERENCES env(id),
  step INTEGER NOT NULL DEFAULT 0, total_steps INTEGER NOT NULL DEFAULT 0,
  steps_per_epoch INTEGER NOT NULL DEFAULT 1, examples_per_step INTEGER NOT NULL DEFAULT 1,
  facts TEXT NOT NULL DEFAULT '{}',
  failure_kind TEXT, failure_message TEXT, failure_advice TEXT, failure_traceback TEXT,
  note TEXT NOT NULL DEFAULT '', starred INTEGER NOT NULL DEFAULT 0 CHECK(starred IN(0, 1)),
  deleted_at REAL                                             -- NULL = visible
) STRICT;
CREATE INDEX run_list ON run(deleted_at, created);
CREATE INDEX run_group ON run(group_hash, seed);
CREATE INDEX run_state ON run(state);
CREATE INDEX run_env ON run(env_id);
CREATE TABLE metric(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
  goal TEXT NOT NULL CHECK(goal IN('min','max'))) STRICT;
-- what the list shows, kept current at every flush, so that the list never opens a chunk
CREATE TABLE summary(run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  metric_id INTEGER NOT NULL REFERENCES metric(id), n INTEGER NOT NULL, last REAL, last_step INTEGER NOT NULL,
  min REAL, min_step INTEGER, max REAL, max_step INTEGER, PRIMARY KEY(run_id, metric_id)) STRICT;
-- the curves, chunk number `seq`. vals, ts: '<f8'. steps: '<i8', or NULL when regular: step0 + stride * (0..n-1)
CREATE TABLE chunk(run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  metric_id INTEGER NOT NULL REFERENCES metric(id), seq INTEGER NOT NULL, n INTEGER NOT NULL, step0 INTEGER NOT NULL,
  stride INTEGER, steps BLOB, ts BLOB NOT NULL, vals BLOB NOT NULL, PRIMARY KEY(run_id, metric_id, seq)) STRICT;
-- final figures. ids '<i8', truth and predicted '<i2', scores '<f8'; protocol and class_names are JSON
CREATE TABLE result(id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  time REAL NOT NULL, metric TEXT NOT NULL, value REAL, low REAL, high REAL, n INTEGER NOT NULL, unit TEXT NOT NULL,
  protocol TEXT NOT NULL, class_names TEXT NOT NULL, ids BLOB, truth BLOB, predicted BLOB, scores BLOB) STRICT;
CREATE INDEX result_run ON result(run_id);
-- files of a run; path relative to the run's folder
CREATE TABLE artifact(id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  kind TEXT NOT NULL, path TEXT NOT NULL, step INTEGER NOT NULL, value REAL, time REAL NOT NULL,
  UNIQUE(run_id, path)) STRICT;
CREATE TABLE message(id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  time REAL NOT NULL, level TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX message_run ON message(run_id);
-- forward and inverse: JSON {"column": …, "values": {run id: value}}
CREATE TABLE undo(id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, label TEXT NOT NULL,
  forward TEXT NOT NULL, inverse TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0) STRICT;
"""


@MIGRATIONS()
def m0001_runs(db: Database) -> None:
    """Runs, their curves, results, files and messages, and what can be undone."""
    for statement in FIRST.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


@MIGRATIONS()
def m0002_fine_tuning(db: Database) -> None:
    """Experiments may have shifts, a part, an image size, a kept head and a search; searches have trials.

    params: JSON of the hyperparameters tried. scores: JSON list of the folds' accuracies.
    """
    db.conn.execute(
        "CREATE TABLE trial(run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, number INTEGER NOT NULL,"
        " params TEXT NOT NULL, scores TEXT NOT NULL, state TEXT NOT NULL, seconds REAL NOT NULL, time REAL NOT NULL,"
        " PRIMARY KEY(run_id, number)) STRICT"
    )


@MIGRATIONS()
def m0003_studies(db: Database) -> None:
    """Studies: a grid of experiments as one object. spec: JSON of the study; cell: the run's place in the grid."""
    db.conn.execute(
        "CREATE TABLE study(id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, title TEXT NOT NULL,"
        " spec TEXT NOT NULL, created REAL NOT NULL, note TEXT NOT NULL DEFAULT '', deleted_at REAL) STRICT"
    )
    db.conn.execute("ALTER TABLE run ADD COLUMN study_id INTEGER REFERENCES study(id)")
    db.conn.execute("ALTER TABLE run ADD COLUMN cell TEXT NOT NULL DEFAULT ''")
    db.conn.execute("CREATE INDEX run_study ON run(study_id)")


@MIGRATIONS()
def m0004_tasks(db: Database) -> None:
    """Experiments may have tasks that are drawn: sinusoids and regions. hardness: '<f8' per test episode."""
    db.conn.execute("ALTER TABLE result ADD COLUMN hardness BLOB")


@MIGRATIONS()
def m0005_seconds(db: Database) -> None:
    """How long a run took without pauses; NULL until it has ended, and for runs of earlier versions."""
    db.conn.execute("ALTER TABLE run ADD COLUMN seconds REAL")


@MIGRATIONS()
def m0006_marks(db: Database) -> None:
    """What helps to find runs again. tags: JSON list of words. archived: kept, but out of the lists. cell_notes: JSON
    {place of the table: {"text": …, "time": seconds}}. saved_view: a way of looking at a page's list, spec in JSON.
    """
    db.conn.execute("ALTER TABLE run ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'")
    db.conn.execute("ALTER TABLE run ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK(archived IN(0, 1))")
    db.conn.execute("ALTER TABLE run ADD COLUMN cell_notes TEXT NOT NULL DEFAULT '{}'")
    db.conn.execute(
        "CREATE TABLE saved_view(id INTEGER PRIMARY KEY, page TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL,"
        " UNIQUE(page, name)) STRICT"
    )


@MIGRATIONS()
def m0007_ending(db: Database) -> None:
    """How a run came to its end, in words; '' for one that has not, that failed, and for those of earlier versions."""
    db.conn.execute("ALTER TABLE run ADD COLUMN ending TEXT NOT NULL DEFAULT ''")


@MIGRATIONS()
def m0008_family(db: Database) -> None:
    """Which families there are is the engine's to say: the column takes any. A head bench, saved as fine-tuning so
    far, has a family of its own."""
    indexes = db.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'run' AND sql <> ''")
    (table,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'run'").fetchone()
    again = [sql for (sql,) in indexes.fetchall()]
    free = table.replace(" CHECK(family IN('finetune','meta'))", "")
    db.execute(re.sub(r'^CREATE TABLE "?run"?', "CREATE TABLE run_new", free))
    db.execute("INSERT INTO run_new SELECT * FROM run")
    db.execute("DELETE FROM sqlite_sequence WHERE name = 'run_new'")
    db.execute("INSERT INTO sqlite_sequence SELECT 'run_new', seq FROM sqlite_sequence WHERE name = 'run'")
    db.execute("DROP TABLE run")
    db.execute("ALTER TABLE run_new RENAME TO run")
    for sql in again:
        db.execute(sql)
    bench = "json_extract(experiment, '$.method.name') = 'head_bench'"
    db.execute(f"UPDATE run SET family = 'bench' WHERE CASE WHEN json_valid(experiment) THEN {bench} END")


@MIGRATIONS()
def m0009_hashes(db: Database) -> None:
    """A run's hash and its cell in a study no longer depend on the device."""
    rehash(db.conn)


@MIGRATIONS()
def m0010_metrics(db: Database) -> None:
    """Where a figure was measured, what it takes to compare it and what is for reading apart, each as JSON; so far they
    were words of its metric's name and of one protocol."""
    db.conn.execute("ALTER TABLE result RENAME COLUMN protocol TO conditions")
    for column in ("at", "notes"):
        db.conn.execute(f"ALTER TABLE result ADD COLUMN {column} TEXT NOT NULL DEFAULT '{{}}'")
    restate(db.conn)


@MIGRATIONS()
def m0011_formulation(db: Database) -> None:
    """What a run is computed by, as JSON; '' for one that nothing was chosen for, and for those of earlier versions."""
    db.conn.execute("ALTER TABLE run ADD COLUMN formulation TEXT NOT NULL DEFAULT ''")


@MIGRATIONS()
def m0012_names(db: Database) -> None:
    """The newest run of a name is found at once among those that a person sees."""
    db.conn.execute("CREATE INDEX IF NOT EXISTS run_name ON run(name, deleted_at, created)")


@MIGRATIONS()
def m0013_data_sets(db: Database) -> None:
    """Folders and zips of images that were opened. key: "name:path" as a choice has them; title: as a person calls it,
    '' for its own name; hidden: taken off the list; opened: seconds since the epoch."""
    db.conn.execute(
        "CREATE TABLE IF NOT EXISTS data_set(key TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '',"
        " hidden INTEGER NOT NULL DEFAULT 0 CHECK(hidden IN(0, 1)), opened REAL NOT NULL) STRICT"
    )


@MIGRATIONS()
def m0014_preparation(db: Database) -> None:
    """A run's experiment may say how images are resized and cut, which an older program would not understand."""


@MIGRATIONS()
def m0015_heard(db: Database) -> None:
    """How much is saved of a run that is worked elsewhere: the journal that it is written down in there, '' for a run
    of this machine, and the highest number of it that is saved. An experiment's device may be a cluster."""
    db.conn.execute("ALTER TABLE run ADD COLUMN journal TEXT NOT NULL DEFAULT ''")
    db.conn.execute("ALTER TABLE run ADD COLUMN heard INTEGER NOT NULL DEFAULT 0")


def known() -> frozenset[str]:
    """Names of the migrations this program has."""
    return frozenset(migration.name for migration in MIGRATIONS._migrations)
