"""The saved runs.

Contract. One store per thread, or one for several that use it in turn; any number of stores, threads and processes may
have the same workspace open. Every change is one transaction: it happens whole or not at all, and is on disk when the
method returns. What is handed out is frozen and stays as it was. Every method raises `StorageError` when the disk, a
lock or damage is in the way, and for a run that does not exist.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from engine.errors import RunTaken, StorageError
from engine.events import Evaluated, Formulation, Heard, RunState, TrialCompleted
from engine.experiment import NewRun
from storage import artifacts, curves, formulations, presence, purging, reading, results, saving
from storage.changes import ChangeMethods
from storage.connection import PATIENCE, OpenDatabase, connect, makes_room, snapshot, told, writing
from storage.data_sets import DataSetMethods
from storage.heard import HeardMethods
from storage.lines import LineMethods, is_taken
from storage.looks import Looks, read_looks
from storage.other_sets import OtherSetMethods
from storage.rows import Artifact, CellNote, CellRun, Curve, Failure, Message, RunRow, SavedView, StudyRow, moment
from storage.studies import StudyMethods
from storage.views import ViewMethods
from storage.workspace import Workspace

__all__ = [
    "Artifact", "CellNote", "CellRun", "Curve", "Failure", "Message", "NewRun", "RunRow", "RunStore",
    "SavedView", "StudyRow",
]  # fmt: skip

LONGEST_NAME = 200  # letters, as in the field of the window
Changes = Sequence[Callable[[sqlite3.Connection], None]]


class RunStore(ChangeMethods, DataSetMethods, HeardMethods, LineMethods, OtherSetMethods, StudyMethods, ViewMethods):
    """Runs, their curves, figures, messages and files in one workspace, and the studies that runs belong to.

    A context manager; `close()` lets go of it. alone: one thread has it.
    """

    def __init__(self, workspace: Workspace, alone: bool = True) -> None:
        self.workspace = workspace.open()
        self._connection: OpenDatabase = connect(workspace.database, alone)
        self._known: reading.Known = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database. May be called twice."""
        self._connection.close()

    def is_sound(self) -> bool:
        """Whether its file is where it was."""
        with suppress(StorageError):
            self._connection.check()
            return True
        return False

    def data_version(self) -> int:
        """A number that differs from the one before when somebody else has written since."""
        with told():
            self._connection.check()
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def looks(self) -> Looks:
        """What lists show of each run, as numbers to compare."""
        with snapshot(self._connection) as connection:
            return read_looks(connection)

    # Making and finding runs.

    def create(self, new: NewRun) -> RunRow:
        """Save a new queued run, with a folder for its files, owned by this process.

        Raises `RunTaken` where its place in a study has a run that waits or works.
        """
        uid = secrets.choice("abcdefghijklmnopqrstuvwxyz") + secrets.token_hex(4)[1:]
        self._make_folder(uid)
        experiment = new.experiment
        now = time.time()
        row = {
            "uid": uid,
            "name": new.name.strip()[:LONGEST_NAME] or f"{experiment.method.name} on {experiment.dataset.name}",
            "plan": new.plan,
            "family": new.family,
            "state": RunState.QUEUED.value,
            "created": now,
            "heartbeat": now,
            "owner": presence.token(self.workspace.presence),
            "seed": experiment.seed,
            "experiment": experiment.canonical(),
            "group_hash": experiment.group_hash(),
            "study_id": new.study_id,
            "cell": new.cell,
            "formulation": formulations.wished(new.forced),
        }
        with writing(self._connection) as connection:
            if new.study_id is not None and is_taken(connection, self.workspace, new.study_id, new.cell):
                (self.workspace.runs / uid).rmdir()
                raise RunTaken("This cell of the study is being run already.", "Go on with another one.")
            marks = ", ".join(f":{column}" for column in row)
            run_id = connection.execute(f"INSERT INTO run({', '.join(row)}) VALUES({marks})", row).lastrowid
            return reading.one(connection, run_id)

    def _make_folder(self, uid: str) -> None:
        try:
            (self.workspace.runs / uid).mkdir(parents=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StorageError(f"The run's folder cannot be made ({reason}).", "Check the workspace.") from error

    def runs(self, deleted: bool = False) -> list[RunRow]:
        """The visible runs, or with `deleted` those in the bin, newest first."""
        with snapshot(self._connection) as connection:
            return reading.rows(connection, f"deleted_at IS {'NOT ' if deleted else ''}NULL", known=self._known)

    def run(self, key: int | str) -> RunRow:
        """One run by its id, uid, beginning of its uid, or name (the newest so named)."""
        with snapshot(self._connection) as connection:
            return reading.one(connection, reading.find(connection, key))

    def twin(self, run: RunRow) -> RunRow | None:
        """The newest earlier run with the same settings and seed that has not failed and was not stopped, among the
        visible ones: its figures are those to expect."""
        alike = (
            "run.group_hash = ? AND run.seed = ? AND run.id < ? AND run.state NOT IN ('failed', 'stopped') "
            "AND run.deleted_at IS NULL"
        )
        with snapshot(self._connection) as connection:
            found = reading.rows(connection, alike, (run.group, run.experiment.seed, run.id))
        return found[0] if found else None

    def directory(self, run: RunRow) -> Path:
        """Where the run's files are."""
        return self.workspace.runs / run.uid

    # States.

    def set_state(self, run_id: int, state: RunState) -> None:
        """Move a run to a state that may follow its present one; raises `IllegalTransition`."""
        owner = presence.token(self.workspace.presence)
        with writing(self._connection) as connection:
            old = saving.state_of(connection, run_id)
            if old is None:
                raise StorageError(f"There is no run {run_id}.", "It may have been discarded.")
            saving.change_state(connection, run_id, old, state, owner, time.time())

    def beat(self, run_id: int) -> None:
        """Say that the run is alive."""
        with writing(self._connection) as connection:
            connection.execute("UPDATE run SET heartbeat = ? WHERE id = ?", (time.time(), run_id))

    # What a run at work adds; used by `record`.

    def append(
        self, run_id: int, changes: Changes, points: Mapping[str, curves.OpenCurve], patience: float = PATIENCE,
        seconds: float | None = None, heard: Heard | None = None,
    ) -> bool:  # fmt: skip
        """Write changes, then the open chunks of the curves that have news, in one transaction.

        patience: seconds to wait for another process that is writing. seconds, heard: see `saving.points`. False: the
        run is no longer there.
        """

        def write() -> bool:
            with writing(self._connection, patience) as connection:
                if saving.state_of(connection, run_id) is None:
                    return False
                for change in changes:
                    change(connection)
                saving.points(connection, run_id, points, time.time(), seconds, heard)
            return True

        try:
            return write()
        except StorageError as error:
            if not makes_room(self._connection, error):
                raise
            return write()

    def place(
        self, run_id: int, points: Mapping[str, curves.OpenCurve], started: float, seconds: float
    ) -> dict[str, Any]:
        """How far the saved run is, for its resume file; until here it outlives a power cut, as that file does."""
        with told(), self._connection.turn():
            self._connection.execute("PRAGMA synchronous=FULL")
            try:
                self.beat(run_id)
            finally:
                self._connection.execute("PRAGMA synchronous=NORMAL")
        with snapshot(self._connection) as connection:
            return curves.place(connection, run_id, points, started, seconds)

    def cut(self, run_id: int, note: Mapping[str, Any]) -> dict[str, curves.OpenCurve]:
        """Cut what was saved after the note; returns the run's curves, to be gone on with. Raises `StorageError`."""
        with writing(self._connection) as connection:
            return curves.cut(connection, run_id, note)

    # Reading one run.

    def metric_names(self, run_id: int) -> list[str]:
        """The metrics that have a curve, in the order they first appeared anywhere."""
        query = "SELECT name FROM summary JOIN metric ON metric.id = metric_id WHERE run_id = ? ORDER BY metric.id"
        with snapshot(self._connection) as connection:
            return [row["name"] for row in connection.execute(query, (run_id,))]

    def curve(self, run_id: int, metric: str) -> Curve:
        """Every point of one metric; empty if the run has none."""
        with snapshot(self._connection) as connection:
            row = connection.execute("SELECT coalesce(started, created) FROM run WHERE id = ?", (run_id,)).fetchone()
            return curves.read(connection, run_id, metric, row[0] if row else 0.0)

    def results(self, run_id: int) -> list[Evaluated]:
        """The final figures with the predictions or scores behind them."""
        with snapshot(self._connection) as connection:
            return results.read(connection, run_id)

    def class_names(self, run_id: int) -> tuple[str, ...]:
        """What its network tells apart, as its first figure of images says; empty where none does."""
        return next((one.class_names for one in self.results(run_id) if one.class_names), ())

    def trials(self, run_id: int) -> list[TrialCompleted]:
        """The settings that the run's search has tried, in the order it tried them."""
        with snapshot(self._connection) as connection:
            return results.read_trials(connection, run_id)

    def messages(self, run_id: int) -> list[Message]:
        """The run's log, oldest first."""
        query = "SELECT time, level, text FROM message WHERE run_id = ? ORDER BY id"
        with snapshot(self._connection) as connection:
            rows = connection.execute(query, (run_id,))
            return [Message(moment(when) or 0.0, level, text) for when, level, text in rows]

    def artifacts(self, run_id: int) -> list[Artifact]:
        """The run's files, such as its checkpoints."""
        with snapshot(self._connection) as connection:
            return artifacts.read(connection, run_id)

    def add_artifact(self, run_id: int, file: Path, kind: str) -> Artifact:
        """Copy a file whole into the folder of a run that has ended, under its own name, to be listed and purged with
        the run. Raises `StorageError` for a run that waits or works, a name that is taken, or a file that cannot be
        copied."""
        with snapshot(self._connection) as connection:
            purging.title(connection, [run_id], ended=True)
            folder = self.directory(reading.one(connection, run_id))
        with artifacts.copied(file, folder) as part, writing(self._connection) as connection:
            purging.title(connection, [run_id], ended=True)
            return artifacts.add(connection, run_id, part, folder / file.name, kind)

    def environment(self, run_id: int) -> dict[str, Any]:
        """Python, packages and hardware the run was made with; empty for one that has not started."""
        with snapshot(self._connection) as connection:
            return artifacts.environment(connection, run_id)

    def formulations(self, run_id: int) -> list[Formulation]:
        """What this experiment was computed by: the run's own first, then those of its twins, the newest first."""
        with snapshot(self._connection) as connection:
            return formulations.read(connection, run_id)

    def wish(self, run_ids: Iterable[int], forced: Mapping[str, int | str]) -> None:
        """Ask that runs be computed by this; raises `InvalidExperiment`, and asks none, where one began otherwise."""
        with writing(self._connection) as connection:
            for run_id in run_ids if forced else ():
                formulations.wish(connection, run_id, forced)

    def purge(self, run_ids: Iterable[int]) -> int:
        """Remove runs for good with their folders; returns the bytes freed in folders. Cannot be taken back."""
        return purging.purge(self._connection, self.workspace, list(run_ids))
