"""What earlier versions saved opens, says what it said, and can be gone on with. The figures are theirs."""

import json
import sqlite3
from collections.abc import Iterator
from math import nan
from pathlib import Path
from typing import Any

import pytest
from torch.backends.cpu import get_cpu_capability

from engine.bench.figures import figures
from engine.comparison.adaptation import curve
from engine.experiment import parse_experiment
from engine.families import family
from engine.machine.environment import environment
from engine.metrics import SHOTS, STEPS
from engine.plan import load_plan
from engine.preflight.problems import problems
from engine.registry import complete
from engine.studies.cells import cells, next_cell
from engine.studies.study import load_study, parse_study
from main import main
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.old_workspaces import VERSIONS, unpack
from ui.comparison.sides import compare, load

# name, state, step, steps in all, figure on the test data
RUNS = [
    ("two seeds, seed 0", "finished", 4, 4, 0.46296296296296297),
    ("two seeds, seed 1", "finished", 4, 4, 0.3148148148148148),
    ("bench", "finished", 2, 2, 0.5879629629629629),
    ("prototypes", "finished", 4, 4, 0.5833333333333333),
    ("sines", "finished", 6, 6, 4.321208360046148),
    ("shifted", "finished", 3, 3, 0.3333333333333333),
    ("Probe, seed 0", "finished", 2, 2, 0.6064814814814815),
    ("Scratch, seed 0", "finished", 2, 2, 0.24074074074074073),
]
SAVED = {
    "0.3.0": RUNS,
    "0.5.0": [
        *RUNS[:4], ("sines", "finished", 6, 6, 4.321208359301091), *RUNS[5:],
        ("whole", "finished", 400, 400, 4.60737282037735), ("stopped", "stopped", 99, 400, 4.321635142341256),
    ],
}  # fmt: skip
PROTOTYPES = [0.25, 0.30000001192092896, 0.32499998807907104]
# run, metric, steps, values
CURVES = [
    (1, "train/loss", [1, 2, 3, 4], [1.3832674026489258, 1.1170320510864258, 0.9975953102111816, 0.9111778736114502]),
    (3, "bench/ridge", [1, 2], [0.4842592592592593, 0.6296296296296297]),
    (4, "train/accuracy", [1, 2, 3], PROTOTYPES),
    (5, "val/loss", [3, 6], [5.292277566716075, 5.281022830307483]),
    (6, "rate/head", [1, 2, 3], [0.01, 0.0075, 0.0025000000000000014]),
]
WHOLE, STOPPED = 9, 10
EPISODES = 4  # on Conv-4, whose first layer is computed in another way since 0.7: the same but for rounding


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def old(version: str, tmp_path: Path) -> Workspace:
    return Workspace(unpack(version, tmp_path))


@pytest.fixture
def store(old: Workspace) -> Iterator[RunStore]:
    with RunStore(old) as opened:
        yield opened


def oldest_first(store: RunStore) -> list[RunRow]:
    return sorted(store.runs(), key=lambda run: run.id)


def test_every_run_is_listed_as_it_was_saved(store: RunStore, version: str) -> None:
    listed = [(run.name, str(run.state), run.step, run.total_steps, run.test and run.test.value)
              for run in oldest_first(store)]  # fmt: skip
    assert listed == SAVED[version]
    assert all(run.family == family(run.experiment).key for run in store.runs())  # a bench was saved as fine-tuning
    assert all(store.environment(run.id)["packages"]["torch"] == "2.14.1" for run in store.runs())
    left_out = [message.text.partition(" per class")[0] for message in store.messages(3)]
    assert left_out == ["5 labels", "10 labels", "20 labels"]
    raw = sqlite3.connect(store.workspace.database)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    raw.close()


def test_curves_and_predictions_are_read(store: RunStore) -> None:
    for run_id, metric, steps, values in CURVES:
        curve = store.curve(run_id, metric)
        assert (curve.steps.tolist()[: len(steps)], curve.values.tolist()[: len(values)]) == (steps, values)
    for run in store.runs():
        assert all(len(store.curve(run.id, name)) for name in store.metric_names(run.id))
    first, shifted = store.results(1)[0], store.results(6)
    assert (first.predicted == first.truth).mean() == 0.46296296296296297
    assert [(one.name, one.value) for one in shifted] == [
        ("test/accuracy", 0.3333333333333333), ("test/accuracy, noise 5", 0.19444444444444445)
    ]  # fmt: skip


def test_where_figures_were_measured_is_known(store: RunStore) -> None:
    cells = figures(store.results(3))
    ridge = [
        (cell.count, cell.position, cell.accuracy, cell.folds) for cell in cells if cell.head == "Ridge regression"
    ]
    assert ridge == [("1 label", 1, 0.4842592592592593, pytest.approx(nan, nan_ok=True)),
                     ("all labels", 2, 0.6296296296296297, pytest.approx(0.5))]  # fmt: skip
    steps = curve(store.results(5), STEPS)
    assert steps is not None
    assert (steps.x.tolist(), steps.own) == (list(range(11)), 10)
    assert steps.y[10] == store.run(5).test.value  # type: ignore[union-attr]
    assert curve(store.results(4), SHOTS) is None
    assert {one.conditions["data"] for one in store.results(6)} == {"691f06548c7e4efa"}
    assert all("interval" in one.notes and "interval" not in one.conditions for one in store.results(6))


def test_runs_are_compared(store: RunStore) -> None:
    found = compare(load(store, [1, 2, 6, 8]))
    assert found is not None
    tuned, shifted, scratch = found.sides
    assert found.base is scratch
    assert tuned.interval is not None
    assert tuned.interval.value == pytest.approx(0.3888888888888889)
    judged = found.verdicts[tuned.key]
    figures = (judged.difference, judged.low, judged.high, judged.pairs)
    assert figures == pytest.approx((0.22222222222222224, 0.14857853784942635, 0.2917884346276378, 1))
    assert (tuple(judged.missing_a), tuple(judged.missing_b)) == ((2, 3), (1, 2, 3))
    assert found.verdicts[shifted.key].reasons == ("shift: Gaussian noise, severity 3 / none",)
    labels = [row.label for row in found.differences]
    assert labels[:4] == ["Shift", "Also tested on", "Pretrained weights", "Method"]


def test_every_experiment_can_be_run_again(store: RunStore) -> None:
    for run in store.runs():
        assert problems(run.experiment) == [], run.name
        whole = complete(run.experiment)
        assert parse_experiment(json.loads(whole.canonical())) == whole
        file = store.directory(run) / "experiment.json"
        assert complete(parse_experiment(json.loads(file.read_text("utf-8")))) == whole


def test_the_files_that_runs_were_started_from_load(old: Workspace, store: RunStore) -> None:
    runs = oldest_first(store)
    plan, one = (load_plan(old.root.parent / name).experiments for name in ("plan.json", "experiment.json"))
    assert [complete(each).canonical() for each in plan] == [complete(run.experiment).canonical() for run in runs[:2]]
    assert complete(one[0]).canonical() == complete(runs[3].experiment).canonical()


def test_a_study_is_done_and_nothing_of_it_is_run_again(old: Workspace, store: RunStore) -> None:
    (saved,) = store.studies()
    study = parse_study(json.loads(saved.spec))
    done = [run.cell for run in store.study_runs(saved.id)]
    assert sorted(cell.key for cell in cells(study)) == sorted(done)
    assert next_cell(cells(study), done, []) is None
    assert load_study(old.root.parent / "study.json").title == saved.title == "Two cells"


MOVED = "moved/"


def learnt(store: RunStore, run_id: int) -> dict[str, Any]:
    """All that does not depend on the clock, but for the distances from the initial weights."""
    curves = {name: store.curve(run_id, name) for name in store.metric_names(run_id)}
    figures = [
        (one.name, one.value, one.low, one.high, one.n, *(
            None if part is None else part.tolist() for part in (one.ids, one.truth, one.predicted, one.scores)
        )) for one in store.results(run_id)
    ]  # fmt: skip
    points = {
        name: (curve.steps.tolist(), curve.values.tolist()) for name, curve in curves.items() if MOVED not in name
    }
    return {**points, "": figures}


def moved(store: RunStore, run_id: int) -> list[float]:
    """The distances, which only look at what was learnt: they are summed in another order since 0.9."""
    names = sorted(name for name in store.metric_names(run_id) if MOVED in name)
    return [value for name in names for value in store.curve(run_id, name).values.tolist()]


@pytest.fixture
def same_machine() -> None:
    """Bits are the same only with the same torch on the same kind of processor."""
    here = environment()["packages"]["torch"], environment()["hardware"]["processor"], get_cpu_capability()
    if here != ("2.14.1", "AMD EPYC", "AVX512"):
        pytest.skip(f"saved with torch 2.14.1 on an AMD EPYC with AVX-512, here are torch {', '.join(here)}")


@pytest.mark.parametrize("version", ["0.5.0"], indirect=True)
@pytest.mark.usefixtures("same_machine")
@pytest.mark.parametrize("run_id", range(1, WHOLE))
def test_a_run_learns_the_same_again(store: RunStore, run_id: int, capfd: pytest.CaptureFixture[str]) -> None:
    file = store.directory(store.run(run_id)) / "experiment.json"
    assert main(["run", str(file), "--workspace", str(store.workspace.root)]) == 0, capfd.readouterr()
    again = max(run.id for run in store.runs())
    assert again > STOPPED
    if run_id == EPISODES:
        one, other = (store.curve(number, "train/loss").values for number in (again, run_id))
        assert one[0] == pytest.approx(other[0], rel=1e-4)
        assert one == pytest.approx(other, rel=0.05)
    else:
        assert learnt(store, again) == learnt(store, run_id)
        assert moved(store, again) == pytest.approx(moved(store, run_id), rel=1e-4)


@pytest.mark.parametrize("version", ["0.5.0"], indirect=True)
@pytest.mark.usefixtures("same_machine")
def test_a_stopped_run_goes_on_as_if_it_never_was(store: RunStore, capfd: pytest.CaptureFixture[str]) -> None:
    assert store.is_resumable(store.run(STOPPED))
    assert main(["resume", str(STOPPED), "--workspace", str(store.workspace.root)]) == 0, capfd.readouterr()
    assert learnt(store, STOPPED) == learnt(store, WHOLE)
