"""The picture of the blocks, the table's dialog and the list of methods with mouse and keyboard, as widgets alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QButtonGroup, QMainWindow
from pytestqt.qtbot import QtBot

from engine.backbones import catalog
from engine.method import HyperparameterModel, Method, hyper
from engine.registry import fields, method, methods
from tests.ui.conftest import activate
from tests.ui.new_experiment.acting import type_number
from ui.figures.block_picture import LOOKS, _together
from ui.new_experiment.hyperparameter_form import HyperparameterForm
from ui.new_experiment.layer_table import LayersDialog
from ui.new_experiment.layers_part import LayersPart
from ui.new_experiment.schedule_curve import ScheduleCurve
from ui.widgets.choice_list import ChoiceList, ChoiceRow
from ui.widgets.fields import FloatField

LEFT = Qt.MouseButton.LeftButton
CONV4, SQUEEZENET = catalog.backbone("conv4"), catalog.backbone("squeezenet1_0")


@pytest.fixture
def part(qtbot: QtBot) -> Iterator[LayersPart]:
    """The part in a window of its own, drawn again after each change as the method's column does."""
    window = QMainWindow()
    qtbot.addWidget(window)
    made = LayersPart()
    window.setCentralWidget(made)
    window.resize(320, 400)
    made.changed.connect(lambda: made.show_method(method("full_ft"), {}, CONV4))
    made.show_method(method("full_ft"), {}, CONV4)
    window.show()
    yield made
    if made.dialog is not None:
        made.dialog.reject()


def opened(qtbot: QtBot, part: LayersPart) -> LayersDialog:
    qtbot.mouseClick(part.edit_button, LEFT)
    assert part.dialog is not None
    return part.dialog


def middle_of(part: LayersPart, number: int) -> QPoint:
    return part.picture._places()[number].center()


def test_a_click_on_a_block_freezes_it_and_the_next_one_frees_it(qtbot: QtBot, part: LayersPart) -> None:
    qtbot.mouseClick(part.picture, LEFT, pos=middle_of(part, 1))
    assert part.edits() == {"conv2": {"rate": 0.0}}
    assert part.changes.text() == "1 cell changed"
    part.resize(190, 400)
    part.layout().activate()
    assert part.edit_button.width() >= part.edit_button.sizeHint().width()  # it is the words that give way
    assert "frozen: Convolution 2" in part.picture.accessibleDescription()
    assert part.picture.words_at(QPointF(middle_of(part, 1))).endswith("Click to let it learn")
    qtbot.mouseClick(part.picture, LEFT, pos=middle_of(part, 1))
    assert part.edits() == {}
    assert not part.reset_button.isVisible()


def test_blocks_are_reached_with_the_arrow_keys(qtbot: QtBot, part: LayersPart) -> None:
    part.picture.setFocus()
    qtbot.keyClick(part.picture, Qt.Key.Key_Right)
    assert part.picture.accessibleDescription().startswith("Convolution 2")
    qtbot.keyClick(part.picture, Qt.Key.Key_Space)
    assert part.edits() == {"conv2": {"rate": 0.0}}


def test_every_column_can_be_changed_and_taken_back(qtbot: QtBot, part: LayersPart) -> None:
    dialog = opened(qtbot, part)
    cells = dialog.table.cells
    rate = cells["conv1", "rate"].input
    type_number(qtbot, rate, "0.25")
    assert dialog.isVisible()  # Enter ends the editing, not the dialog
    assert dialog.table.rates["conv1"].text() == "0.00025"
    qtbot.keyClick(cells["conv2", "from_epoch"].input, Qt.Key.Key_Up)
    qtbot.keyClick(cells["conv2", "trains"].input, Qt.Key.Key_Down)
    qtbot.keyClick(cells["conv3", "batch_norm"].input, Qt.Key.Key_Down)
    qtbot.keyClick(cells["conv3", "fresh"].input, Qt.Key.Key_Down)
    qtbot.keyClick(cells["conv4", "anchor"].input, Qt.Key.Key_Up)
    assert part.edits() == {
        "conv1": {"rate": 0.25}, "conv2": {"from_epoch": 1, "trains": "biases and norms"},
        "conv3": {"batch_norm": "pretrained statistics", "fresh": True}, "conv4": {"anchor": 1e-6},
    }  # fmt: skip
    assert dialog.changes.text() == "6 cells changed"
    mark = cells["conv1", "rate"].mark
    assert mark.isVisible()
    assert not cells["conv2", "rate"].mark.isVisible()
    assert mark.toolTip() == "Back to “1”, the method's own"
    qtbot.mouseClick(mark, LEFT)
    assert "conv1" not in part.edits()
    qtbot.mouseClick(dialog.reset_button, LEFT)
    assert part.edits() == {}
    assert not dialog.reset_button.isEnabled()


def test_the_table_says_what_cannot_be_changed_and_why(qtbot: QtBot, part: LayersPart) -> None:
    dialog = opened(qtbot, part)
    qtbot.mouseClick(dialog.table.tiles["conv1"], LEFT)
    cells = dialog.table.cells
    assert cells["conv1", "rate"].input.text() == "frozen"  # type: ignore[attr-defined]
    assert not cells["conv1", "anchor"].input.isEnabled()
    assert cells["conv1", "anchor"].input.toolTip() == "Nothing of a frozen block learns."
    assert cells["head", "fresh"].input.currentText() == "Random"  # type: ignore[attr-defined]
    assert not cells["head", "fresh"].input.isEnabled()
    qtbot.keyClick(cells["conv1", "rate"].input, Qt.Key.Key_Up)
    assert part.edits() == {"conv1": {"rate": 0.001}}
    for cell in cells.values():
        assert cell.input.accessibleName()
        assert cell.input.accessibleDescription()
    assert "Convolution 1: from epoch 1 of 40" in dialog.timeline.accessibleDescription()


def test_another_backbone_drops_what_it_does_not_have_and_says_so(part: LayersPart) -> None:
    part.fill({"conv1": {"rate": 0.0}, "head": {"rate": 2.0}})
    part.show_method(method("full_ft"), {}, CONV4)
    part.show_method(method("full_ft"), {}, SQUEEZENET)
    assert part.edits() == {"head": {"rate": 2.0}}
    assert part.note.text() == "Changes to Convolution 1 are gone: SqueezeNet 1.0 has no such block."


def test_another_method_begins_with_its_own_table_and_offers_the_changes(qtbot: QtBot, part: LayersPart) -> None:
    part.fill({"conv1": {"rate": 0.0}})
    part.show_method(method("full_ft"), {}, CONV4)
    part.leave("Full fine-tuning", {}, {})
    part.show_method(method("gradual"), {}, CONV4)
    assert part.edits() == {}
    assert part.note.text() == "1 change to the layers of Full fine-tuning was left behind."
    qtbot.mouseClick(part.take_over, LEFT)
    assert part.edits() == {"conv1": {"rate": 0.0}}
    assert not part.take_over.isVisible()


def test_changes_that_are_usual_are_exchanged_without_a_word(part: LayersPart) -> None:
    part.fill({"conv1": {"rate": 0.0}})
    part.show_method(method("full_ft"), {}, CONV4)
    part.leave("Full fine-tuning", {"conv1": {"rate": 0.0}}, {"conv2": {"rate": 0.0}})
    part.show_method(method("gradual"), {}, CONV4)
    assert part.edits() == {"conv2": {"rate": 0.0}}
    assert part.note.text() == ""


def test_a_block_that_only_the_file_knows_is_named(part: LayersPart) -> None:
    part.fill({"fire9": {"rate": 0.0}})
    part.show_method(method("full_ft"), {}, CONV4)
    assert "no block called “fire9”" in part.problem.text.text()
    assert part.edits() == {"fire9": {"rate": 0.0}}
    assert not part.picture.isVisible()
    part.reset()
    assert part.picture.isVisible()
    assert not part.problem.isVisible()


def test_a_method_without_a_table_has_only_its_picture(part: LayersPart) -> None:
    part.show_method(method("maml"), {}, CONV4)
    assert not part.edit_button.isVisible()
    part.show_method(method("as_is"), {}, CONV4)
    assert not part.edit_button.isVisible()
    titles = ["Convolution 1", "Convolution 2", "Convolution 3", "Convolution 4", "Head"]
    assert part.picture.legend() == [(("frozen", "frozen"), titles)]


def test_looks_differ_in_colour_and_pattern() -> None:
    assert len({(colour, pattern) for colour, pattern, _ in LOOKS.values()}) == len(LOOKS)
    assert len({pattern for _, pattern, _ in LOOKS.values()}) == len(LOOKS)


def test_titles_are_joined_only_where_they_follow_each_other() -> None:
    order = ["Stem", "Layer 1", "Layer 2", "Layer 3", "Head"]
    assert _together(["Layer 1", "Layer 2", "Layer 3"], order) == "Layer 1 to 3"
    assert _together(["Stem", "Layer 2", "Layer 3"], order) == "Stem, Layer 2 and Layer 3"
    assert _together(["Layer 3", "Head"], order) == "Layer 3 and Head"


def test_a_number_is_typed_over_the_word_that_stands_for_zero(qtbot: QtBot) -> None:
    field = FloatField(0.0, 1000.0, log=True)
    qtbot.addWidget(field)
    field.setSpecialValueText("frozen")
    activate(qtbot, field)
    field.clearFocus()
    qtbot.mouseClick(field.lineEdit(), LEFT)
    qtbot.waitUntil(lambda: field.lineEdit().selectedText() == "frozen")
    qtbot.keyClicks(field.lineEdit(), "0.5")
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Return)
    assert field.value() == 0.5


def test_groups_of_choices_open_with_mouse_and_keys(qtbot: QtBot) -> None:
    listed, group = ChoiceList(), QButtonGroup()
    qtbot.addWidget(listed)
    rows = {key: ChoiceRow(key, key.capitalize(), f"What {key} is") for key in ("one", "two", "three")}
    for row in rows.values():
        group.addButton(row)
    listed.add("First", [rows["one"], rows["two"]])
    listed.add("Second", [rows["three"]])
    rows["one"].setChecked(True)
    listed.reveal("one")
    listed.resize(240, 300)
    activate(qtbot, listed)
    second = listed.groups["Second"][0]
    assert (rows["two"].isVisible(), rows["three"].isVisible(), second.summary) == (True, False, "Three")
    qtbot.keyClick(second, Qt.Key.Key_Space)
    assert rows["three"].isVisible()
    qtbot.mouseClick(rows["three"], LEFT)
    assert (group.checkedButton(), second.strong) == (rows["three"], "Three")
    qtbot.mouseClick(second, LEFT)
    assert not rows["three"].isVisible()
    rows["one"].setChecked(True)
    rows["one"].setFocus()
    qtbot.keyClick(rows["one"], Qt.Key.Key_Down)
    assert rows["two"].isChecked()
    assert rows["two"].toolTip() == rows["two"].accessibleDescription() == "What two is"


def test_the_form_folds_by_subject_and_hides_what_does_not_count(qtbot: QtBot) -> None:
    form = HyperparameterForm(fields(method("full_ft")))
    qtbot.addWidget(form)
    form.show()
    assert list(form.folds) == ["Optimiser and schedule", "Regularisation", "When to stop"]
    form.folds["Optimiser and schedule"].button.setChecked(True)
    assert not form.rows["momentum"].isVisible()
    form.rows["optimiser"].input.set_key("SGD")  # type: ignore[attr-defined]
    assert form.rows["momentum"].isVisible()
    assert form.folds["Optimiser and schedule"].button.text() == "Optimiser and schedule · 1 changed"
    form.fill({})
    assert form.folds["Optimiser and schedule"].button.text() == "Optimiser and schedule"
    assert form.rows["patience"].input.text() == "Off"  # type: ignore[attr-defined]
    form.set_unused({"epochs": "The time limit says how long it trains."})
    assert not form.rows["epochs"].input.isEnabled()
    form.fill({"schedule": "linear"})
    assert form.values()["schedule"] == "linear"  # kept for the checks to name


class Stranger(HyperparameterModel):
    """Of a method that the form has never met."""

    plain: int = hyper(3, "Plain", "Always there.")
    rest: int = hyper(2, "Rest", "Rarely changed.", advanced=True)
    way: Literal["left", "right"] = hyper("left", "Way", "Which way.", fold="Ways")
    slope: float = hyper(0.5, "Slope", "Of the left way.", fold="Ways", only_with=("way", "left"))


def test_a_method_says_itself_where_its_fields_are_folded_and_when_they_count(qtbot: QtBot) -> None:
    form = HyperparameterForm(fields(type("New", (Method,), {"Hyperparameters": Stranger})))
    qtbot.addWidget(form)
    assert form.fold_of("plain") is None
    assert list(form.folds) == ["Ways", "Advanced"]  # which is the last, though it is declared first
    ways, rest = form.folds.values()
    assert [form.fold_of(name) for name in ("way", "slope", "rest")] == [ways, ways, rest]
    assert not form.rows["slope"].isHidden()
    form.fill({"way": "right"})
    assert form.rows["slope"].isHidden()
    assert form.values()["slope"] == 0.5


@pytest.mark.parametrize("chosen", methods(), ids=lambda one: one.name)
def test_what_a_field_counts_with_is_one_of_its_method_and_may_have_that_value(chosen: type[Method]) -> None:
    rows = {field.name: field for field in fields(chosen)}
    for field in rows.values():
        if field.only_with is not None and field.only_with[0] in rows:
            assert field.only_with[1] in rows[field.only_with[0]].choices


def test_the_schedule_curve_says_its_stages(qtbot: QtBot) -> None:
    curve = ScheduleCurve()
    qtbot.addWidget(curve)
    curve.show_schedule("cosine", method("lp_ft").from_values({}).stages())
    assert curve.words() == "cosine: peak 0.01 over 100 epochs, then peak 0.0001 over 20 epochs"
    assert curve.shares() == pytest.approx([(100 / 120) / (100 / 120 + 0.2), 0.2 / (100 / 120 + 0.2)])
    curve.show_schedule("one-cycle", method("full_ft").from_values({}).stages(), minutes=2)
    assert curve.words() == "one-cycle: peak 0.001 over 2 min"
    curve.show_schedule("cosine", ())
    assert curve.isHidden()


def test_a_cell_that_can_hardly_be_meant_is_marked_and_said(qtbot: QtBot, part: LayersPart) -> None:
    """The marked cell has another ground than before, and the words stand in the dialog and in the column."""
    dialog = opened(qtbot, part)
    field = dialog.table.cells["conv2", "rate"].input
    plain = field.grab().toImage().pixelColor(6, 6)
    type_number(qtbot, field, "100")  # type: ignore[arg-type]
    words = "Convolution 2 learns at 0.1, 100 times the usual rate of the other blocks."
    assert dialog.doubts.isVisible()
    assert (dialog.doubts.text.text(), part.doubts.text.text(), field.toolTip()) == (words, words, words)
    assert field.grab().toImage().pixelColor(6, 6) != plain
    type_number(qtbot, field, "2")  # type: ignore[arg-type]
    assert not dialog.doubts.isVisible()
    assert not part.doubts.isVisible()
    assert field.grab().toImage().pixelColor(6, 6) == plain


def test_a_beginning_after_the_end_is_marked(qtbot: QtBot, part: LayersPart) -> None:
    """Forty epochs, in the words of the checks."""
    field = opened(qtbot, part).table.cells["conv3", "from_epoch"].input
    plain = field.grab().toImage().pixelColor(6, 6)
    type_number(qtbot, field, "40")  # type: ignore[arg-type]
    assert "never learns" in field.toolTip()
    assert field.grab().toImage().pixelColor(6, 6) != plain
