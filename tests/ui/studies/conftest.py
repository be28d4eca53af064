"""A workspace with a saved study whose runs were written the way a run writes them, and the Studies page over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.events import Evaluated, Metrics, RunFailed, RunFinished, RunStarted
from engine.studies.cells import Cell, cell_name, cells
from engine.studies.study import Study, completed, parse_study
from storage.record import record
from storage.store import RunStore, StudyRow
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui.pages.studies import StudiesPage
from ui.window.main_window import MainWindow

Score = Callable[[Cell], float | None]


def small_study(**changes: Any) -> Study:
    """Head-only probes on a few digits: a tenth of a second each."""
    backbone = {"name": "conv4", "weights": "omniglot-supervised", "image_size": 16}
    arms = [
        {"title": title, "backbone": backbone, "method": {"name": "linear_probe", "hyperparameters": values}}
        for title, values in (("Probe", {"epochs": 2}), ("Weak probe", {"epochs": 2, "weight_decay": 0.1}))
    ]
    body = {
        "title": "From how many labels?", "description": "Is it worth it?", "arms": arms,
        "dataset": {"name": "digits", "classes": 3, "validation_per_class": 2},
        "labels": [1, 4], "seeds": [0, 1, 2], "figure": "labels",
    }  # fmt: skip
    return completed(parse_study({**body, **changes}))


def save_study(store: RunStore, study: Study, score: Score, further: Mapping[str, float] | None = None) -> StudyRow:
    """Save the study with a finished run for every cell that has a score; NaN stands for a failed one."""
    row = store.create_study(study.title, study.canonical())
    for cell in cells(study):
        if (value := score(cell)) is not None:
            run = store.create(new_run(cell.experiment, cell_name(study, cell), study_id=row.id, cell=cell.key))
            for _ in record(store, run.id, iter(events(value, further or {}))):
                pass
    return store.study(row.id)


def events(value: float, further: Mapping[str, float]) -> list[Any]:
    """A run in three events, with further test sets; above 1 the figure is an error; NaN fails."""
    if value != value:
        return [RunStarted(1, 1, 1), RunFailed("experiment", "The loss is not a number.", "Lower the rate.")]
    measure, val = ("error", "loss") if value > 1 else ("accuracy", "accuracy")
    tests = [({}, value), *(({"shift": name}, one) for name, one in further.items())]
    done = [Evaluated(f"test/{measure}", one, one, one, 10, "images", at) for at, one in tests]
    return [RunStarted(1, 1, 1), Metrics(1, {f"val/{val}": value}), *done, RunFinished(1)]


def crossing(cell: Cell) -> float:
    """The weak probe leads at 1 label, the probe at 4: they are equal at 2. Its seeds come in another order."""
    sign = -1 if cell.labels == 1 else 1
    return 0.6 + sign * (0.1 if cell.arm == 0 else 0) + 0.01 * ((cell.seed + (cell.arm or 0)) % 3)


@pytest.fixture
def first_page() -> str:
    """Not that of the studies, which would be read before a test has saved any."""
    return "trying"


@pytest.fixture
def saved(workspace: Workspace) -> StudyRow:
    with RunStore(workspace) as store:
        return save_study(store, small_study(), crossing)


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> StudiesPage:
    """The Studies page, read; what the test saved before is shown."""
    shown = window.show_page("studies")
    settle(qtbot, shown)
    return shown


def settle(qtbot: QtBot, page: StudiesPage) -> None:
    qtbot.waitUntil(page.is_settled)
