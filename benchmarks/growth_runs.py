"""What grows with saved runs and with the points of their curves, for `benchmarks.growth`: storage, studies, sides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.growth_curve import Curve, Work
from engine.events import Evaluated, Event, Metrics, RunFinished, RunStarted
from engine.experiment import Experiment, MethodChoice
from engine.studies.cells import cells
from engine.studies.study import Study, StudyArm
from storage import reading
from storage.record import record
from storage.rows import RunRow
from storage.store import NewRun, RunStore
from storage.workspace import Workspace
from ui.comparison.sides import ComparedRun, compare, sentences
from ui.studies import reading as studies

RUNS = (100, 316, 1_000, 3_162, 10_000)
SIDES = (100, 316, 1_000)
STUDY = (80, 400, 2_000, 8_000)
POINTS = (1_000, 10_000, 100_000, 1_000_000)
READ = (*POINTS, 10_000_000)
IMAGES, ARMS, LABELS, TOLD = 50, 4, 20, "train/loss"
COPIED = ("plan", "family", "state", "created", "started", "ended", "step", "total_steps", "facts", "seconds")


def experiment(seed: int) -> Experiment:
    """Ten seeds of each learning rate."""
    chosen = MethodChoice(name="full_ft", hyperparameters={"learning_rate": 1e-6 * (1 + seed // 10)})
    return Experiment(method=chosen, seed=seed % 10)


def figure() -> Evaluated:
    truth = np.arange(IMAGES, dtype=np.int16) % 10
    return Evaluated("test/accuracy", 0.9, 0.8, 0.95, IMAGES, "images", conditions={"split": "stratified"},
                     ids=np.arange(IMAGES), truth=truth, predicted=np.where(np.arange(IMAGES) < 5, 0, truth),
                     class_names=tuple("0123456789"))  # fmt: skip


def happenings(points: int = 1) -> Iterator[Event]:
    yield RunStarted(points, 100, 32)
    for step in range(1, points + 1):
        yield Metrics(step, {TOLD: 1 / step})
    yield figure()
    yield RunFinished(points)


def opened(folder: Path, after: ExitStack) -> RunStore:
    return after.enter_context(RunStore(Workspace(folder)))


def add(store: RunStore, experiments: list[Experiment], study_id: int | None = None, keys: tuple[str, ...] = ()) -> int:
    """A finished run of each experiment: the first is recorded, the others have its figures; the id of the first."""
    first = store.create(NewRun(experiments[0], "finetune", "run 0", study_id=study_id, cell=keys[0] if keys else ""))
    for _ in record(store, first.id, happenings()):
        pass
    rows = [
        (f"copy{n}", f"run {n}", one.seed, one.canonical(), one.group_hash(), study_id, keys[n] if keys else "")
        for n, one in enumerate(experiments) if n
    ]  # fmt: skip
    columns = "uid, name, seed, experiment, group_hash, study_id, cell"
    connection = store._connection
    connection.execute("BEGIN")
    connection.executemany(
        f"INSERT INTO run({columns}, {', '.join(COPIED)}) SELECT ?, ?, ?, ?, ?, ?, ?, {', '.join(COPIED)}"
        f" FROM run WHERE id = {first.id}",
        rows,
    )
    for table in ("summary", "result"):
        names = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
        kept = ", ".join(name for name in names if name not in ("id", "run_id"))
        connection.execute(
            f"INSERT INTO {table}(run_id, {kept}) SELECT run.id, {kept} FROM {table}, run"
            f" WHERE run_id = {first.id} AND run.id > {first.id}"
        )
    connection.execute("COMMIT")
    return first.id


def filled(size: int, folder: Path, after: ExitStack) -> RunStore:
    store = opened(folder, after)
    add(store, [experiment(seed) for seed in range(size)])
    return store


def saved_rows(size: int, folder: Path, after: ExitStack) -> list[RunRow]:
    return filled(size, folder, after).runs()


def list_first(size: int, folder: Path, after: ExitStack) -> Work:
    filled(size, folder, after)

    def work() -> None:
        reading._settings.cache_clear()
        with RunStore(Workspace(folder)) as store:
            store.runs()

    return work


def list_again(size: int, folder: Path, after: ExitStack) -> Work:
    store = filled(size, folder, after)
    store.runs()
    return store.runs


def look(size: int, folder: Path, after: ExitStack) -> Work:
    return filled(size, folder, after).looks


def open_one(size: int, folder: Path, after: ExitStack) -> Work:
    store = filled(size, folder, after)
    return lambda: (store.run(size // 2), store.run(f"run {size // 2}"), store.results(size // 2), store.curve(1, TOLD))


def find_twin(size: int, folder: Path, after: ExitStack) -> Work:
    store = filled(size, folder, after)
    last = store.run(size)
    return lambda: store.twin(last)


def save_one(size: int, folder: Path, after: ExitStack) -> Work:
    store = filled(size, folder, after)
    return lambda: store.create(NewRun(experiment(0), "finetune"))


def delete_and_undo(size: int, folder: Path, after: ExitStack) -> Work:
    store = filled(size, folder, after)
    ids = range(1, size, 2)
    return lambda: (store.delete(ids), store.undo(), store.tag(ids, ["paper"]), store.undo())


def compared(size: int, folder: Path, after: ExitStack) -> list[ComparedRun]:
    test = figure()
    return [ComparedRun(row, test, (test,)) for row in saved_rows(size, folder, after)]


def compare_sides(size: int, folder: Path, after: ExitStack) -> Work:
    """A side for ten runs."""
    runs = compared(size, folder, after)
    return lambda: sentences(found) if (found := compare(runs)) else None


def study_of(runs: int) -> Study:
    arms = [StudyArm(title=f"Arm {n}", method=experiment(10 * n).method) for n in range(ARMS)]
    return Study(
        title="Growth", arms=arms, labels=tuple(range(1, LABELS + 1)), seeds=tuple(range(runs // ARMS // LABELS))
    )


def open_study(size: int, folder: Path, after: ExitStack) -> Work:
    """As a window that has just been opened reads it, and again."""
    store, study = opened(folder, after), study_of(size)
    row = store.create_study(study.title, study.model_dump_json())
    wanted = cells(study)
    add(store, [cell.experiment for cell in wanted], row.id, tuple(cell.key for cell in wanted))

    def work() -> None:
        studies.grid.cache_clear()
        studies._READ.clear()
        for _ in range(2):
            studies.read_study(store, row.id).sentences()

    return work


def save_in_study(size: int, folder: Path, after: ExitStack) -> Work:
    """The next cell of a study in line."""
    store, study = opened(folder, after), study_of(size)
    row = store.create_study(study.title, study.model_dump_json())
    wanted = cells(study)
    add(store, [cell.experiment for cell in wanted], row.id, tuple(cell.key for cell in wanted))
    new = NewRun(wanted[0].experiment, "finetune", study_id=row.id, cell="another")

    def work() -> None:
        run = store.create(new)
        store.put_off(run.id)

    return work


def record_points(size: int, folder: Path, after: ExitStack) -> Work:
    store = opened(folder, after)

    def work() -> None:
        run = store.create(NewRun(experiment(0), "finetune"))
        for _ in record(store, run.id, happenings(size)):
            pass

    return work


def read_points(size: int, folder: Path, after: ExitStack) -> Work:
    """As for the first time: of a short curve SQLite would still hold the pages, of a long one it never does."""
    store = opened(folder, after)
    run = store.create(NewRun(experiment(0), "finetune"))
    write_points(store, run.id, size)
    return lambda: (store._connection.execute("PRAGMA shrink_memory"), store.curve(run.id, TOLD))


def write_points(store: RunStore, run_id: int, size: int) -> None:
    """As a recording writes them, but a million at a time."""
    from storage.curves import OpenCurve

    curve = OpenCurve()
    for start in range(0, size, 1_000_000):
        steps = list(range(start + 1, min(size, start + 1_000_000) + 1))
        curve.extend(steps, [float(step) for step in steps], [1 / step for step in steps])
        store.append(run_id, [], {TOLD: curve}, 1.0)
        curve.saved()


CURVES = (
    Curve("list the runs, first time", "runs", RUNS, list_first),
    Curve("list the runs again", "runs", RUNS, list_again),
    Curve("look for what others changed", "runs", RUNS, look),
    Curve("open one, by number and by name", "runs", RUNS, open_one),
    Curve("find an earlier run with the same settings", "runs", RUNS, find_twin),
    Curve("save a new run", "runs", RUNS, save_one),
    Curve("delete and tag half of them, undo", "runs", RUNS, delete_and_undo),
    Curve("compare: verdicts, titles, differences", "runs", SIDES, compare_sides),
    Curve("study page: read it whole, twice", "runs", STUDY, open_study),
    Curve("study: put the next cell in line", "runs", STUDY, save_in_study),
    Curve("record a curve", "points", POINTS, record_points),
    Curve("read a curve", "points", READ, read_points),
)
