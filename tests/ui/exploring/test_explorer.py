"""A run's test images in the window: matrix, classes, outcomes, orders, other seeds, one image large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from engine.comparison.after_training import RunAdvice
from engine.comparison.answers import Answers, keep
from engine.comparison.examined import ALL, ALWAYS, APART, GIVEN, LOSS, MISSED, UNSURE
from engine.data.files.folder import FilePixels
from engine.data.sources import load
from engine.events import Evaluated, Event, RunFinished, RunStarted
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from storage.record import record
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.ui.late import worked_late
from ui.exploring.explorer import Explorer
from ui.exploring.outcome_bar import NO_PAIR
from ui.exploring.reading import CHANGED, ExaminedRun, read_examined

NAMES = tuple(f"class {number:02d} of many with a long name" for number in range(30))
EACH = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Thirty classes of three images, 40 x 30 pixels."""
    for number in range(len(NAMES) * EACH):
        place = tmp_path / "set" / NAMES[number // EACH] / f"{number:03d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (2 * number, 90, 40)).save(place)
    return tmp_path / "set"


def experiment(folder: Path, seed: int, method: str = "linear_probe") -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="folder", path=str(folder)), backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name=method), seed=seed,
    )  # fmt: skip


def said(seed: int) -> np.ndarray:
    """The first image of each class is always wrong, the second with every second seed."""
    truth = np.repeat(np.arange(len(NAMES)), EACH)
    guess = truth.copy()
    guess[::EACH] = (truth[::EACH] + 1) % len(NAMES)
    guess[1::EACH] = (truth[1::EACH] + seed % 2) % len(NAMES)
    return guess


def happens(folder: Path, seed: int) -> Iterator[Event]:
    truth = np.repeat(np.arange(len(NAMES)), EACH)
    yield RunStarted(1, 1, 1, {"data": load(experiment(folder, 0).dataset).fingerprint})
    yield Evaluated("test/accuracy", 0.5, 0.4, 0.6, len(truth), "images", ids=np.arange(len(truth)),
                    truth=truth.astype(np.int16), predicted=said(seed).astype(np.int16), class_names=NAMES)  # fmt: skip
    yield RunFinished(1)


def sure(seed: int) -> Answers:
    """Surer from image to image; the second answer is the true class where the first is wrong."""
    guess, truth = said(seed), np.repeat(np.arange(len(NAMES)), EACH)
    chance = np.linspace(0.5, 0.95, len(guess)).astype(np.float32)
    second = np.where(guess == truth, (truth + 2) % len(NAMES), truth)
    of_truth = np.where(guess == truth, chance, 1 - chance)
    classes, chances = np.stack([guess, second], 1).astype(np.int16), np.stack([chance, 1 - chance], 1)
    return Answers(np.arange(len(guess)), classes, chances, of_truth, np.zeros(0), 64)


def save(store: RunStore, folder: Path, seed: int, confident: bool = True, method: str = "linear_probe") -> RunRow:
    row = store.create(new_run(experiment(folder, seed, method), f"seed {seed}"))
    for _ in record(store, row.id, happens(folder, seed)):
        pass
    if confident:
        keep(sure(seed), store.directory(row))
    return store.run(row.id)


Read = Callable[..., ExaminedRun]


@pytest.fixture
def read(workspace: Workspace, folder: Path) -> Read:
    """Saves so many seeds, reads the first."""

    def found(seeds: int = 1, confident: bool = True) -> ExaminedRun:
        with RunStore(workspace) as store:
            rows = [save(store, folder, seed, confident) for seed in range(seeds)]
            save(store, folder, 0, method="full_ft")  # of another configuration
            run = read_examined(store, rows[0].id)
        assert run is not None
        return run

    return found


def asked(qtbot: QtBot, view: Explorer, ask: Callable[[], object]) -> list[int]:
    """The images that stand in the grid after that."""
    with qtbot.waitSignal(view.shown):
        ask()
    return [int(one) for one in view.grid.order]


def test_only_runs_that_differ_in_the_seed_alone_stand_beside_it(read: Read) -> None:
    run = read(3)
    assert run.examined.seeds == 3
    assert run.examined.wrong_in.tolist()[:3] == [3, 1, 0]
    assert read(1).examined.seeds == 3  # again seed 0: the others are still there


def test_none_that_are_asked_for_meanwhile_stay_none(qtbot: QtBot, explorer: Explorer, read: Read) -> None:
    explorer.show_run(read())
    with worked_late(qtbot, explorer._background):
        explorer.table.chosen.emit(4)
        explorer.matrix.cell_chosen.emit(0, 9)  # of which there is no image
    assert explorer.words.isVisible()
    assert not explorer.grid.isVisible()


def test_many_classes_are_folded_and_every_one_is_reached(qtbot: QtBot, explorer: Explorer, read: Read) -> None:
    run = read()
    explorer.show_run(run)
    assert len(explorer.matrix.names) == 21
    assert explorer.matrix.names[-1] == "10 others"
    assert explorer.matrix.values.sum() == 90
    others = asked(qtbot, explorer, lambda: explorer.matrix.cell_chosen.emit(20, 20))
    assert set(others) == {one for one in range(60, 90) if one % 3 or one != 87} - {87}
    explorer.fold.set_key(False)
    assert explorer.matrix.names == NAMES
    assert asked(qtbot, explorer, lambda: explorer.matrix.cell_chosen.emit(4, 5)) == [12]


def test_a_class_and_an_outcome_give_their_images_in_the_chosen_order(
    qtbot: QtBot, explorer: Explorer, read: Read
) -> None:
    explorer.show_run(read())
    bar = explorer.bar
    assert asked(qtbot, explorer, lambda: explorer.table.chosen.emit(4)) == [12, 13, 14]
    assert asked(qtbot, explorer, lambda: bar.outcome.set_key(MISSED)) == [12]
    assert asked(qtbot, explorer, lambda: bar.outcome.set_key(GIVEN)) == [9]  # the class before is taken for it
    assert asked(qtbot, explorer, lambda: bar.choose(None, MISSED, LOSS))[:2] == [87, 84]  # surest, and wrong
    assert asked(qtbot, explorer, lambda: bar.choose(None, MISSED, UNSURE))[:2] == [0, 3]
    assert explorer.grid.marks[0].answer == NAMES[1]
    assert explorer.grid.marks[0].figure == "50 %"
    assert not explorer.grid.marks[0].right


def test_a_pair_is_chosen_from_the_list_and_left_with_a_class(qtbot: QtBot, explorer: Explorer, read: Read) -> None:
    explorer.show_run(read())
    assert asked(qtbot, explorer, lambda: explorer.bar.pairs.set_key("4 5")) == [12]
    assert "taken for" in explorer.grid.names[0]
    assert len(asked(qtbot, explorer, lambda: explorer.bar.outcome.set_key(MISSED))) == 30
    assert explorer.bar.pairs.key() == NO_PAIR


def test_what_every_seed_gets_wrong_is_a_list_that_one_seed_does_not_offer(
    qtbot: QtBot, explorer: Explorer, read: Read
) -> None:
    explorer.show_run(read())
    assert not explorer.errors.isEnabled()
    assert not any(explorer.bar.outcome.itemData(place) == ALWAYS for place in range(explorer.bar.outcome.count()))
    explorer.show_run(read(2))
    assert explorer.errors.isEnabled()
    first = asked(qtbot, explorer, explorer.show_label_errors)
    assert first == list(range(87, -1, -3))  # the surest first
    assert "wrong label" in explorer.note.text()
    assert "wrong in 2 of 2 seeds" in explorer.grid.names[0]
    assert asked(qtbot, explorer, lambda: explorer.bar.choose(None, ALL, APART))[0] == 1  # right with one seed only
    assert explorer.grid.marks[0].figure == "1/2"


def test_a_run_of_before_offers_what_can_be_told_and_says_why_not_more(
    qtbot: QtBot, explorer: Explorer, read: Read
) -> None:
    explorer.show_run(read(confident=False))
    orders = [explorer.bar.order.itemData(place) for place in range(explorer.bar.order.count())]
    assert not {UNSURE, LOSS} & set(orders)
    assert not explorer.worst.isEnabled()
    assert "not kept" in explorer.note.text()
    assert len(asked(qtbot, explorer, lambda: explorer.bar.outcome.set_key(MISSED))) == 30
    assert explorer.grid.marks[0].figure == ""


def test_images_that_have_changed_since_are_not_shown_as_if_they_were_the_same(
    qtbot: QtBot, explorer: Explorer, read: Read, folder: Path
) -> None:
    explorer.show_run(read())
    (folder / NAMES[0] / "000.png").unlink()
    assert asked(qtbot, explorer, lambda: explorer.bar.outcome.set_key(MISSED)) == []
    assert CHANGED in explorer.note.text()
    assert explorer.words.isVisible()
    assert not explorer.grid.isVisible()


def test_what_was_decoded_is_not_decoded_again_for_another_outcome(
    qtbot: QtBot, explorer: Explorer, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded, image = list[int](), FilePixels.image

    def counted(self: FilePixels, index: int, size: int, channels: int) -> Image.Image:
        decoded.append(index)
        return image(self, index, size, channels)

    explorer.show_run(read())
    monkeypatch.setattr(FilePixels, "image", counted)

    def shown(outcome: str) -> list[int]:
        found = asked(qtbot, explorer, lambda: explorer.bar.choose(4, outcome))
        qtbot.waitUntil(lambda: all(explorer.grid.thumbnails.get(one) is not None for one in found))
        return found

    before = len(shown(ALL)), sorted(set(decoded))
    assert before[0] == 3
    decoded.clear()
    assert shown(MISSED) == [12]
    assert len(shown(ALL)) == 3
    assert decoded == []
    explorer.show_run(None)
    explorer.show_run(read(confident=False))  # another run: its images are let go
    assert explorer.grid.thumbnails.get(12) is None


def test_a_set_that_comes_after_another_run_was_chosen_is_not_shown_as_its_own(
    qtbot: QtBot, explorer: Explorer, read: Read
) -> None:
    first, second = read(), replace(read(confident=False), run_id=99)
    explorer.show_run(first)
    explorer.bar.choose(None, ALL)
    explorer.show_run(second)
    explorer._background._pool.submit(lambda: None).result()
    qtbot.wait(50)
    assert explorer._shown is None
    assert explorer.grid.isHidden()


def test_tiles_of_a_run_that_shifts_its_images_are_shifted(qtbot: QtBot, explorer: Explorer, read: Read) -> None:
    run = read()
    shift = Shift(kind="inversion")
    dataset = run.experiment.dataset.model_copy(update={"shift": shift})
    explorer.show_run(replace(run, experiment=run.experiment.model_copy(update={"dataset": dataset})))
    found = asked(qtbot, explorer, lambda: explorer.bar.choose(4, ALL))
    qtbot.waitUntil(lambda: explorer.grid.thumbnails.get(found[1]) is not None)
    tile = explorer.grid.thumbnails.get(found[1])
    assert tile is not None
    grey = round(0.299 * 2 * found[1] + 0.587 * 90 + 0.114 * 40)  # what Conv-4 reads of that colour
    assert abs(tile.pixelColor(48, 48).red() - (255 - grey)) <= 1
    assert "under inversion" in explorer.grid.names[0]


def test_two_explorers_do_not_wait_for_each_other_in_vain(qtbot: QtBot, explorer: Explorer, read: Read) -> None:
    run, beside = read(), Explorer(explorer._background)
    qtbot.addWidget(beside)
    for one in (explorer, beside):
        one.show_run(run)
    with qtbot.waitSignals([explorer.shown, beside.shown]):
        for one in (explorer, beside):
            one.bar.outcome.set_key(MISSED)
    assert len(explorer.grid.order) == len(beside.grid.order) == 30


def test_one_image_is_seen_large_with_truth_answers_and_what_the_network_saw(
    qtbot: QtBot, explorer: Explorer, read: Read, folder: Path
) -> None:
    explorer.show_run(read(2))
    asked(qtbot, explorer, lambda: explorer.bar.outcome.set_key(MISSED))
    explorer.grid.setFocus()
    qtbot.keyClick(explorer.grid, Qt.Key.Key_Right)
    qtbot.keyClick(explorer.grid, Qt.Key.Key_Return)
    dialog = explorer.dialog
    qtbot.waitUntil(lambda: dialog.picture.image.width() == 40)
    about = dialog.about
    assert about.truth.text() == f"True class: {NAMES[0]}"
    assert about.remark.text() == f"Taken for {NAMES[1]} with 50.0 %; loss 0.69. Wrong in 2 of 2 seeds."
    assert [name for name, _ in about.bars.lines] == [NAMES[1], NAMES[0]]
    assert about.bars.words_at(about.bars.rect().topLeft().toPointF()).endswith("50.0 %")
    assert (about.seen.image.width(), about.seen.image.height()) == (28, 28)
    assert str(folder / NAMES[0] / "000.png") in dialog.place.text()
    qtbot.keyClick(dialog, Qt.Key.Key_Right)
    assert about.truth.text() == f"True class: {NAMES[1]}"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert explorer.grid.current == 1  # the one looked at last


def test_the_table_sorts_and_leads_to_the_class_that_was_clicked(qtbot: QtBot, explorer: Explorer, read: Read) -> None:
    explorer.show_run(read())
    table = explorer.table
    heads, rows = table.figure_table()
    assert heads == ["class", "tested", "missed", "wrongly given", "recall", "recall low", "recall high", "precision",
                     "precision low", "precision high"]  # fmt: skip
    first = next(iter(rows))
    assert first[:4] == [NAMES[0], 3, 1, 1]
    assert first[4:7] == pytest.approx([2 / 3, 0.2077, 0.9385], abs=1e-4)  # Wilson's interval of 2 of 3, by hand
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    with qtbot.waitSignal(table.chosen) as chosen:
        table.clicked.emit(table.model().index(0, 0))
    assert chosen.args == [len(NAMES) - 1]


def test_an_advice_leads_to_its_images(qtbot: QtBot, explorer: Explorer, read: Read) -> None:
    """Accuracy was told as 40 to 60 %, which is wide; every class is half found, so nothing else is said."""
    area = QScrollArea()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    area.setWidget(explorer)
    area.resize(700, 400)
    area.show()
    run = read()
    assert [one.words.split(" is ")[0] for one in run.lessons] == ["The interval"]
    pair = RunAdvice("“x” is taken for “y”", "Look.", ALL, (4,), (5,))
    several = RunAdvice("Never found", "Look.", MISSED, (4, 5))
    explorer.show_run(replace(run, lessons=(*run.lessons, pair, several)))
    assert explorer.lessons.isVisible()
    wide, *others = explorer.lessons.lines
    assert wide.look.isHidden()
    assert wide.window() is others[0].look.window() is area  # none is a window of its own
    assert asked(qtbot, explorer, others[0].look.click) == [12]
    assert area.verticalScrollBar().value() > 0  # the images are further down
    assert asked(qtbot, explorer, others[1].look.click) == [12, 13, 14, 15, 16, 17]
    assert "2 classes, taken for any" in explorer.grid.names[0]
    area.takeWidget()  # which its fixture closes
