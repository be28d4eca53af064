"""What the cluster went on with while the window was closed: followed again by itself, told once, nothing twice."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.events import (
    CLUSTER,
    IN_LINE,
    MACHINE,
    MACHINE_LOST,
    Metrics,
    Notice,
    Preparing,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
)
from engine.work.queue import new_run
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.engine.work.small_runs import small
from tests.engine.work.test_elsewhere import ToldCluster
from tests.ui.late import stored_late
from ui.live import LiveRun
from ui.runs.header import facts
from ui.runs.run_now import run_now
from ui.widgets.dialogs import later_words
from ui.window import came_back
from ui.window.came_back import WentOn, went_on
from ui.window.closing import quit_words
from ui.window.left_over import read_left_over, tell_left_over
from ui.window.main_window import MainWindow


@pytest.mark.parametrize(
    ("went", "words"),
    [
        ((7, 1, 0, 3, 1, 0), "12 runs went on while you were away: 7 are finished, 1 failed, 3 are at work, "
                             "1 waits for a machine."),
        ((1, 0, 0, 0, 0, 0), "1 run went on while you were away: 1 is finished."),
        ((0, 0, 0, 0, 1, 0, 1), "1 run went on while you were away: 1 waits for a machine. It lost its machine and "
                                "goes on on another one."),
        ((1, 0, 0, 0, 2, 0, 2), "3 runs went on while you were away: 1 is finished, 2 wait for a machine. 2 of them "
                                "lost their machine and go on on another one."),
        ((0, 0, 2, 0, 0, 1), "3 runs went on while you were away: 2 ended, 1 has not been heard of yet."),
        ((0, 0, 0, 0, 0, 2), "2 runs went to the cluster, which has not answered yet. They are followed again when it "
                             "does."),
    ],
)  # fmt: skip
def test_what_became_of_them_is_one_sentence(went: tuple[int, ...], words: str) -> None:
    assert WentOn(*went).words() == words


def test_a_run_whose_machine_was_lost_waits_for_one_while_its_files_are_sent() -> None:
    words = went_on([LiveRun(1, activity="Files are sent", lost=True)], 0, 1).words()
    assert words.startswith("1 run went on while you were away: 1 waits for a machine. It lost its machine")


def test_what_quitting_means_is_said_of_runs_here_and_elsewhere() -> None:
    assert "keeps where they are" in later_words(3, 3)
    assert "cluster" not in later_words(3, 3)
    assert "The 2 on the cluster go on meanwhile." in later_words(3, 1)
    assert later_words(1, 0).startswith("It is on the cluster.")
    assert "keeps where" not in later_words(2, 0)
    assert "The one on the cluster goes on meanwhile." in later_words(2, 1)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ((2, 2), "Quit now leaves the runs interrupted, without a test."),
        ((1, 0), "Quit now does not wait: the cluster stops and tests it, and the next start shows it."),
        ((3, 0), "Quit now does not wait: the cluster stops and tests them, and the next start shows it."),
        ((2, 1), "without a test; the cluster stops and tests the other one, and the next start shows it."),
        ((3, 1), "without a test; the cluster stops and tests the others, and the next start shows it."),
    ],
)
def test_what_quitting_now_leaves_is_said_of_runs_here_and_elsewhere(runs: tuple[int, int], words: str) -> None:
    assert quit_words("stop", *runs).endswith(words)
    assert "go on from where they were kept" in quit_words("later", *runs)


def ordered(workspace: Workspace, count: int) -> list[RunRow]:
    """Runs for the cluster, and one for this machine, that a program that has ended left in line."""
    with RunStore(workspace) as store:
        rows = [store.create(new_run(small(2, CLUSTER))) for _ in range(count)] + [store.create(new_run(small()))]
        for row in rows:
            store.put_off(row.id)
    return rows


@pytest.fixture
def cluster(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> ToldCluster:
    monkeypatch.setattr(came_back, "SETTLE_MS", 100)
    made = ToldCluster()
    window.parts.queue._cluster = made
    return made


def test_runs_of_the_cluster_are_sorted_from_those_that_are_asked_about(workspace: Workspace) -> None:
    *there, here = ordered(workspace, 2)
    with RunStore(workspace) as store:
        found = read_left_over(store, [])
    assert found.elsewhere == [row.id for row in there]
    assert found.runs() == [here.id]
    assert found.words() == f"“{here.name}” waits: continue?"


def test_what_a_killed_program_had_at_work_there_is_followed_also_where_another_program_looked_before(
    workspace: Workspace,
) -> None:
    """Such as a command, or a window that was closed again before it had loaded the engine."""
    with RunStore(workspace) as store:
        there, here = (store.create(new_run(small(2, device))) for device in (CLUSTER, "cpu"))
        for row in (there, here):
            store.set_state(row.id, RunState.RUNNING)
        store._connection.execute("UPDATE run SET owner = 'killed'")
        found = [read_left_over(store, []) for _ in range(2)]
        assert [one.elsewhere for one in found] == [[there.id]] * 2
        assert [one.runs() for one in found] == [[here.id], []]
        assert store.put_in_line(there.id).state is RunState.QUEUED


def test_they_are_followed_again_without_a_question_and_told_once(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, cluster: ToldCluster
) -> None:
    *there, here = ordered(workspace, 3)
    parts = window.parts
    tell_left_over(parts)
    qtbot.waitUntil(lambda: len(parts.toasts.shown()) == 1)
    assert not cluster.made  # nothing is asked before the engine is loaded
    parts.live.engine_ready.emit()
    qtbot.waitUntil(lambda: len(cluster.made) == 3)
    finished, failed, waiting = cluster.made
    for told in cluster.made:
        told.say_next(Preparing("Asking the cluster"), False)
        told.say_next(Preparing(MACHINE_LOST), False)  # which is told only of runs that still go on
    waiting.say_next(RunStarted(2, 1, 8, facts={MACHINE: "rack"}))
    qtbot.waitUntil(lambda: run_now(there[2], parts.live.buffer(there[2].id)).device == "on rack")
    for event in (RunStarted(2, 1, 8), Metrics(1, {"train/loss": 1.0}), RunFinished(2)):
        finished.say_next(event)
    failed.say_next(RunFailed("experiment", "The disk is full.", "Make room."))
    assert len(parts.toasts.shown()) == 1
    waiting.say_next(Preparing(MACHINE_LOST), False)
    waiting.say_next(Preparing(IN_LINE), False)
    qtbot.waitUntil(lambda: len(parts.toasts.shown()) == 2)
    became = "1 is finished, 1 failed, 1 waits for a machine"
    said = f"3 runs went on while you were away: {became}. 1 of them lost its machine and goes on on another one."
    assert said in {toast.label.text() for toast in parts.toasts.shown()}
    with RunStore(workspace) as store:
        assert [store.run(row.id).state for row in there[:2]] == [RunState.FINISHED, RunState.FAILED]
        assert [row.id for row in store.waiting()] == [here.id]
    row, live = there[2], parts.live.buffer(there[2].id)
    assert facts(run_now(row, live)) == "· its machine was lost · waits for its turn · on the cluster"
    assert run_now(row, live).sentence() == "Queued · seed 0 · its machine was lost"
    waiting.say_next(Preparing("Files are sent"), False)
    qtbot.waitUntil(lambda: "· its machine was lost · Files are sent · on" in facts(run_now(row, live)))
    waiting.say_next(RunStarted(2, 1, 8))
    waiting.say_next(Notice("What was worked of this run elsewhere is not there any more. It begins anew.", "warning"))
    waiting.say_next(RunFinished(2))
    qtbot.waitUntil(lambda: not parts.live.active())
    assert not run_now(row, live).lost
    assert len(parts.toasts.shown()) == 2


def test_a_run_whose_end_comes_after_its_figures_is_told_as_ended(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, cluster: ToldCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(came_back, "SETTLE_MS", 60_000)
    (there, _), parts = ordered(workspace, 1), window.parts
    tell_left_over(parts)
    parts.live.engine_ready.emit()
    qtbot.waitUntil(lambda: len(cluster.made) == 1)
    (told,) = cluster.made
    for event in (RunStarted(2, 1, 8), Metrics(1, {"train/loss": 1.0})):
        told.say_next(event)
    qtbot.waitUntil(lambda: (run := parts.live.buffer(there.id)) is not None and run.step == 1)
    assert not any("you were away" in toast.label.text() for toast in parts.toasts.shown())
    told.say_next(RunFinished(2))
    said = "1 run went on while you were away: 1 is finished."
    qtbot.waitUntil(lambda: said in {toast.label.text() for toast in parts.toasts.shown()})


def test_nothing_is_told_of_a_study_that_was_between_two_runs(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(came_back, "PATIENCE_MS", 0)
    asked: list[tuple[str, object]] = []
    monkeypatch.setattr(window.parts.navigator, "tell", lambda page, request: asked.append((page, request)))
    came_back.CameBack(window.parts, [], [7], [])
    qtbot.waitUntil(lambda: bool(asked))
    with stored_late(qtbot, window.parts.library):
        pass
    assert asked == [("studies", 7)]
    assert window.parts.toasts.shown() == []
