"""Nothing a person may be about to press moves when words come, go or change; and every change of a field is marked."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.advice.adviser import Recommendation
from engine.experiment import BackboneChoice, MethodChoice
from ui import theme
from ui.new_experiment.hyperparameter_form import FieldRow
from ui.pages.new_experiment import LEAST_WIDTHS, NewExperimentPage
from ui.widgets.fields import Choice
from ui.widgets.number_field import NumberField
from ui.widgets.reset_mark import ResetMark, read, write
from ui.widgets.text import Text
from ui.window.main_window import MainWindow

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit)
LONG = "These words are much longer than any that stood here before, so that they need several lines more. " * 2


def places(page: QWidget) -> dict[QWidget, QRect]:
    """Of every control that is shown."""
    found = [control for kind in CONTROLS for control in page.findChildren(kind)]
    shown = [control for control in found if control.isVisibleTo(page) and not isinstance(control, ResetMark)]
    return {control: QRect(control.mapTo(page, QPoint()), control.size()) for control in shown}


def moved(before: dict[QWidget, QRect], after: dict[QWidget, QRect]) -> list[str]:
    """Names of the controls that stand elsewhere, by more than 2 pixels, or have another size."""

    def far(one: QRect, other: QRect) -> bool:
        edges = zip(one.getCoords(), other.getCoords(), strict=True)  # type: ignore[call-overload]
        return any(abs(a - b) > 2 for a, b in edges)

    return [
        f"{type(control).__name__} “{control.accessibleName()}” {before[control]} {after[control]}"
        for control in before.keys() & after.keys() if far(before[control], after[control])
    ]  # fmt: skip


def settled(qtbot: QtBot, page: QWidget) -> dict[QWidget, QRect]:
    """Where everything is once the layouts are done with what was said."""
    seen = [places(page)]

    def is_still() -> bool:
        seen.append(places(page))
        return seen[-1] == seen[-4:][0] and len(seen) > 4

    qtbot.waitUntil(is_still)
    return seen[-1]


def advice(words: str) -> Recommendation:
    return Recommendation(BackboneChoice(), MethodChoice(), words, (words, words))


def say_everything(page: NewExperimentPage, words: str) -> None:
    """Every text of the form that changes while a person works in it."""
    preview, start, form = page.data.preview, page.launch, page.method.form
    assert form is not None
    page.adviser.card.show_advice(advice(words or "Linear probe"))
    page.adviser.card.say(words)
    start.cost.say(words)
    start.cost.set_usual(words)
    for value in start.cost.values.values():
        value.setText(words[:40])
    page.data.settings.split_words.setText(words)
    page.backbone.scratch_words.setVisible(bool(words))
    for problem in (page.data.problem, preview.warnings, page.backbone.problem, page.method.problem,
                    page.method.layers.problem, page.method.layers.doubts, start.problem, start.warning):  # fmt: skip
        problem.say(words)
    start.allow(words, words)
    page.method.layers.say(words)
    for row in form.rows.values():
        row.set_problem(words)
        row.set_unused(words)
    for field in page.findChildren(NumberField):
        field._say(words)
    for card in page.data.cards.values():
        card.set_facts(words)


@pytest.mark.parametrize("size", [(1280, 800), (1024, 560)])
@pytest.mark.parametrize("scrolled", [False, True])
def test_no_control_moves_when_words_change(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, size: tuple[int, int], scrolled: bool
) -> None:
    window.resize(*size)
    page.method.choose("full_ft")
    for fold in (page.launch.more, page.data.settings.fold, page.data.settings.shift.fold):
        fold.button.setChecked(True)
    page.adviser.card.show_advice(advice("Short"))
    page.adviser.show()
    say_everything(page, "")
    settled(qtbot, page)
    for section in page.sections if scrolled else ():
        bar = section.area.verticalScrollBar()
        bar.setValue(bar.maximum())
    before = settled(qtbot, page)
    for words in (LONG, "Short.", LONG * 2, ""):
        say_everything(page, words)
        assert moved(before, settled(qtbot, page)) == []


def test_the_kinds_of_training_can_be_read_in_a_small_window(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    window.resize(1280, 800)
    settled(qtbot, page)
    assert all(family.written()[1] == family.text() for family in page.method.families.values())
    window.resize(1024, 560)
    settled(qtbot, page)
    assert len({family.written()[0] for family in page.method.families.values()}) == 1
    for family in page.method.families.values():
        family.click()
        whole = family.width() >= QFontMetrics(theme.font(bold=True)).horizontalAdvance(family.text()) + 8
        assert whole or family._narrow.replace("\n", "").replace("-", "") == family.text().replace("-", "")
        small = QFontMetrics(theme.font("small", bold=True))
        assert whole or all(small.horizontalAdvance(line) <= family.width() for line in family._narrow.splitlines())
        assert page.method.choices.rect().contains(family.geometry()), family.text()


def test_a_refusal_and_a_notice_can_be_read_whole(qtbot: QtBot, window: MainWindow, page: NewExperimentPage) -> None:
    """Over what is there, inside the view, and all of the content can be scrolled clear of the notice."""
    form = page.method.form
    assert form is not None
    field = form.rows["learning_rate"].input
    field._say("This is refused. It is still 0.0001.")
    assert field.line is not None
    assert field.line.height() >= field.line.heightForWidth(field.line.width())
    assert field.line.parentWidget() is page.method.area.widget()
    assert field.line.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    page.method.problem.say(LONG)
    notice, area = page.method.notice, page.method.area
    qtbot.waitUntil(lambda: notice.isVisible() and area.rect().contains(notice.geometry()))
    text = page.method.problem.text
    assert text.height() >= text.heightForWidth(text.width())
    last = max((row for row in form.rows.values() if row.isVisible()), key=lambda row: row.mapTo(area, QPoint()).y())
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    assert last.mapTo(area, last.rect().bottomLeft()).y() <= notice.y()


def other_value(mark: ResetMark) -> object:
    """Another value than the usual one, that the field can have."""
    field = mark.field
    if isinstance(field, NumberField):
        return field.maximum() if read(field) != field.maximum() else field.minimum()
    if isinstance(field, Choice):
        return next((field.itemData(i) for i in range(field.count()) if field.itemData(i) != read(field)), None)
    return "another" if isinstance(read(field), str) else not read(field)


@pytest.mark.parametrize("name", ["lp_ft", "maml"])
def test_what_differs_from_its_usual_value_is_marked_and_reset(
    qtbot: QtBot, page: NewExperimentPage, name: str
) -> None:
    page.method.choose(name)
    usual = page.experiments()
    marks = page.findChildren(ResetMark)
    assert len(marks) > 20
    assert [mark.accessibleName() for mark in marks if mark.is_modified() or not mark.isHidden()] == []
    for mark in marks:
        field, other = mark.field, other_value(mark)
        if other is None or not field.isEnabled():
            continue
        said = field.accessibleDescription()
        assert said, f"{field.accessibleName()} says nothing of itself"
        write(field, other)
        assert not mark.isHidden()
        assert field.accessibleDescription() == f"Modified. {said}"
        field.setAccessibleDescription("Something else by now.")
        mark.refresh()
        assert field.accessibleDescription() == "Modified. Something else by now."
        field.setAccessibleDescription(said)
        assert mark.accessibleName().startswith("Reset ")
        mark.click()
        assert mark.isHidden()
        assert field.accessibleDescription() == said
    assert page.experiments() == usual


def test_the_key_resets_the_field_that_has_the_keyboard(qtbot: QtBot, page: NewExperimentPage) -> None:
    form = page.method.form
    assert form is not None
    first, second = form.rows["epochs"], form.rows["batch_size"]
    for row in (first, second):
        row.input.setValue(7)
    first.input.setFocus()
    (action,) = [action for action in page.actions() if action.text() == "Reset this field"]
    action.trigger()
    assert (first.value(), second.value()) == (first.field.default, 7)
    assert isinstance(first, FieldRow)


def test_a_mark_follows_what_is_filled_in(page: NewExperimentPage) -> None:
    given = page.experiment()
    hyper = {**given.method.hyperparameters, "epochs": 3}
    data = given.dataset.model_copy(update={"split_seed": 5})
    page.fill(
        given.model_copy(
            update={"seed": 4, "dataset": data, "method": MethodChoice(name="lp_ft", hyperparameters=hyper)}
        )
    )
    assert {mark.accessibleName() for mark in page.findChildren(ResetMark) if not mark.isHidden()} == {
        "Reset Epochs to 20", "Reset First seed to 0", "Reset Split seed to 0",
    }  # fmt: skip


def test_cost_is_said_in_its_place(page: NewExperimentPage) -> None:
    cost = page.launch.cost
    cost.set_usual("5 GB of memory free")
    cost.say("Timing a step…")
    assert cost.state.text() == "Timing a step…"
    cost.say("")
    assert cost.state.text() == "5 GB of memory free"


@pytest.mark.parametrize("size", [(1280, 800), (1024, 600), (512, 300)])  # the last one: 1024x600 at 200 %
def test_news_leave_start_and_what_is_beside_it_free(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage, size: tuple[int, int]
) -> None:
    window.setMinimumSize(1, 1)  # which is that of this screen
    window.resize(*size)
    settled(qtbot, page)
    assert window.width() == size[0]
    toast = window.parts.toasts.show(LONG, "Undo", lambda: None)
    for button in (page.launch.start_button, page.launch.queue_button, page.launch.copy_button):
        assert not toast.geometry().intersects(QRect(button.mapTo(window, QPoint()), button.size()))
    toast.close()


def test_texts_have_whole_words_and_a_whole_notice_in_a_small_window(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    window.resize(1024, 600)
    qtbot.mouseClick(page.data.cards["clinc150"], Qt.MouseButton.LeftButton)
    settled(qtbot, page)
    page.launch.warn("What the weights have seen before is not known: your file does not say what it was trained on.")
    window.resize(1024, 580)
    area, notice = page.launch.area, page.launch.notice
    qtbot.waitUntil(lambda: area.childAt(notice.geometry().right() - 1, area.height() - 20) is notice)
    labels = [
        label for column in page.sections for label in column.findChildren(QLabel) if type(label) in (QLabel, Text)
    ]
    seen = [label for label in labels if label.isVisible() and not label.wordWrap()]
    assert [label.text() for label in seen if label.width() < label.sizeHint().width()] == []


def test_the_words_on_the_chosen_weights_are_whole_in_a_small_window(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    window.resize(1024, 560)
    settled(qtbot, page)
    card = page.backbone.chosen
    for text in (card.facts, card.said):
        assert text.needed(text.width()) * text.fontMetrics().lineSpacing() <= text.height(), text.text()
    before = page.backbone.foot.geometry()
    card.facts.setText(LONG)
    card.said.setText(LONG)
    card.resizeEvent(QResizeEvent(card.size(), card.size()))
    settled(qtbot, page)
    assert page.backbone.foot.geometry() == before
    assert min(card.facts.height(), card.said.height()) >= 4 * card.said.fontMetrics().lineSpacing()


def test_the_words_beside_a_field_are_whole_in_the_narrowest_column(
    qtbot: QtBot, window: MainWindow, page: NewExperimentPage
) -> None:
    window.resize(800, 440)
    page.steps.setSizes([1, 500, 500])
    settled(qtbot, page)
    labels = [one for one in page.data.settings.first.findChildren(QLabel) if one.buddy() is not None]
    assert labels
    page.data.setFixedWidth(LEAST_WIDTHS[0] - 4)  # as at 200 %, where the bar takes a little more
    settled(qtbot, page)
    assert all(one.width() >= one.sizeHint().width() for one in labels)
