"""What is done with saved runs elsewhere: all of a kind once more, a study, the line for the terminal, the folder."""

from __future__ import annotations

import shlex

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.events import RunState
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.registry import complete
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from ui.command.arguments import parse
from ui.command.flags import plan_from
from ui.listing import handing_on
from ui.listing.restart import KINDS, kind_of, read_restartable
from ui.window.main_window import MainWindow


def digits(seed: int, method: str = "linear_probe") -> Experiment:
    data = DatasetChoice(name="digits", labels_per_class=2)
    return complete(
        Experiment(dataset=data, method=MethodChoice(name=method, hyperparameters={"epochs": 1}), seed=seed)
    )


def ended(store: RunStore, seed: int, *states: RunState, **more: int) -> RunRow:
    run = store.create(new_run(digits(seed), f"{states[-1]} {seed}", **more))
    for state in states:
        store.set_state(run.id, state)
    return store.run(run.id)


AT_WORK = RunState.RUNNING


@pytest.fixture
def saved(workspace: Workspace) -> dict[str, list[RunRow]]:
    with RunStore(workspace) as store:
        study = store.create_study("Question", "{}").id
        found = {
            "failed": [ended(store, 0, AT_WORK, RunState.FAILED), ended(store, 1, AT_WORK, RunState.FAILED)],
            "interrupted": [ended(store, 2, AT_WORK, RunState.INTERRUPTED)],
            "stopped": [ended(store, 3, RunState.STOPPED)],
            "discarded": [ended(store, 4, RunState.STOPPED)],
            "": [ended(store, 5, AT_WORK, RunState.FAILED), ended(store, 5, AT_WORK, RunState.FINISHED),  # again since
                 ended(store, 6, AT_WORK, RunState.FAILED, study_id=study),
                 ended(store, 7, AT_WORK, RunState.FAILED), ended(store, 8, AT_WORK, RunState.FINISHED)],
        }  # fmt: skip
        store.delete([found["discarded"][0].id, found[""][4].id])
        store.archive([found[""][3].id])
    return found


def test_runs_of_each_kind_are_found_once(saved: dict[str, list[RunRow]], workspace: Workspace) -> None:
    with RunStore(workspace) as store:
        found = read_restartable(store)
        assert {kind: [row.id for row in rows] for kind, rows in found.items()} == {
            kind: [row.id for row in saved[kind]] for kind in KINDS
        }
        assert kind_of(store.run(saved[""][1].id)) == ""


def test_all_failed_are_put_in_line_from_the_menu(
    qtbot: QtBot, saved: dict[str, list[RunRow]], window: MainWindow
) -> None:
    page = window.show_page("runs")
    qtbot.waitUntil(page.is_settled)
    with RunStore(window.parts.workspace) as store:
        menu = page.column.restart.menu(read_restartable(store))
    lines = {action.text(): action for action in menu.actions()}
    assert list(lines) == [
        "Run again: all failed (2)", "Resume: all interrupted (1)", "Run again: all interrupted (1)",
        "Run again: all stopped (1)",
        "Run again: all discarded (1)",
    ]  # fmt: skip
    lines["Run again: all failed (2)"].trigger()

    def again() -> list[str]:
        with RunStore(window.parts.workspace) as store:
            return [row.name for row in store.runs() if row.id > 10]

    qtbot.waitUntil(lambda: sorted(again()) == ["failed 0", "failed 1"])
    assert page.column.restart.button.accessibleName() == "Run all again…"


def test_a_study_of_ticked_runs_opens_in_the_builder(
    qtbot: QtBot, saved: dict[str, list[RunRow]], window: MainWindow
) -> None:
    page = window.show_page("compare")
    qtbot.waitUntil(page.is_settled)
    page.table.tick([row.id for row in saved["failed"]])
    page.actions_of_runs.actions["study"].trigger()
    studies = window.page("studies")
    qtbot.waitUntil(lambda: studies.builder is not None)
    qtbot.waitUntil(lambda: studies.builder.study is not None)
    study = studies.builder.study
    assert (study.seeds, study.labels, [arm.title for arm in study.arms]) == ((0, 1, 2, 3, 4), (2,), ["Linear probe"])
    assert "(copy)" not in study.title
    studies.builder.reject()


def test_the_copied_line_gives_the_same_experiment(saved: dict[str, list[RunRow]], window: MainWindow) -> None:
    rows = saved["failed"]
    handing_on.copy_commands(window.parts, rows)
    lines = QApplication.clipboard().text().splitlines()
    for line, row in zip(lines, rows, strict=True):
        words = shlex.split(line)
        chosen = parse(words[words.index("run") :])
        assert [complete(one) for one in plan_from(chosen).experiments] == [row.experiment]
        assert chosen.workspace == str(window.parts.workspace.root)
        assert chosen.name == row.name


def test_the_folder_of_a_run_is_shown_or_missed(
    saved: dict[str, list[RunRow]], window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(handing_on, "show_folder", lambda folder: bool(shown.append(folder.name)) or True)
    row = saved["failed"][0]
    handing_on.open_folder(window.parts, row)
    assert shown == [row.uid]
    (window.parts.workspace.runs / row.uid).rmdir()
    handing_on.open_folder(window.parts, row)
    assert shown == [row.uid]
