"""Numbers as people type or paste them: the number meant, or the old one and a sentence in sight; never another."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.given import MOST_SEED
from tests.ui.conftest import activate, wait_until_checked
from ui.studies.grid_fields import labels_from, rates_from, rates_text
from ui.widgets.fields import CountOrAll, FloatField, IntField
from ui.widgets.notice import Refusal
from ui.widgets.number_field import NumberField, say_below

OLD = 7
MINUS, NARROW, NO_BREAK = "\u2212", "\u202f", "\u00a0"

# Text -> the number that a person means by it, None where it is none or could be two.
FLOATS = {
    "1e-4": 1e-4, "1E-4": 1e-4, f"1e{MINUS}4": 1e-4, ".001": 0.001, "0.001": 0.001, "0,001": 0.001, ",5": 0.5,
    "5.": 5.0, " 3": 3.0, "1 ": 1.0, "3\t": 3.0, "+2": 2.0, "1 000": 1000.0, f"1{NARROW}000": 1000.0,
    f"12{NO_BREAK}500,5": 12500.5,
    "1,000.5": 1000.5, "1.000,5": 1000.5, "1,000,000": 1e6, "1'000": 1000.0, "1234,567": 1234.567, "1.440": 1.44,
    "0.0031622776601683795": 0.0031622776601683795, "1,440": None, "12,000": None, "1e": None, "": None, "abc": None,
    "1.2.3": None, "1 00": None, "1,00,000": None, "10%": None, "nan": None, "inf": None, "1e400": None, "1e-400": None,
    "2e6": None, "-1": None, f"{MINUS}1": None, "0x10": None, "1×10^-3": None,
    "1e3.5": None, "²": None, "5 apples": None,
}  # fmt: skip
INTS = {
    "1,000": 1000, "1 000": 1000, f"1{NARROW}000": 1000, "1e3": 1000, "1000.0": 1000, " 3": 3, "1 ": 1, "12": 12,
    "+4": 4,
    "1.000,0": 1000, "1,0": 1, "5 images": 5, "1 image": 1, "5images": 5, "2.5": None, "1.5": None, "1,5": None,
    "1e-3": None, "1.000": None, "1.440": None, "1,00": 1, "0,001": None, "0": None, "": None, "x": None, "-5": None,
    f"{MINUS}5": None, "1e9999999": None, "999999999999": None, "12,34": None, "5 epochs": None, "1,2,3": None,
}  # fmt: skip


class Form(QWidget):
    """A field with its line of words, as every form has them."""

    def __init__(self, field: NumberField) -> None:
        super().__init__()
        self.field = field
        say_below(field)
        QVBoxLayout(self).addWidget(field)

    @property
    def line(self) -> Refusal:
        """Made when the first number is refused."""
        assert self.field.line is not None
        return self.field.line


def whole() -> NumberField:
    field = IntField(1, 100_000)
    field.set_unit("images")
    return field


def put(qtbot: QtBot, field: NumberField, text: str, how: str) -> None:
    """Over all that is in the field, key by key or from the clipboard, and Return."""
    field.setFocus()
    field.lineEdit().selectAll()
    if how == "paste" or not text.isascii():  # of which no key of a test's keyboard knows
        QGuiApplication.clipboard().setText(text)
        field.lineEdit().selectAll()
        field.lineEdit().del_()
        field.lineEdit().paste()
    else:
        qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Backspace)
        qtbot.keyClicks(field.lineEdit(), text.replace("\t", ""))
    qtbot.keyClick(field, Qt.Key.Key_Return)


CASES = [(lambda: FloatField(0.0, 1e6), FLOATS), (whole, INTS)]


@pytest.mark.parametrize("how", ["type", "paste"])
@pytest.mark.parametrize("make, meant", CASES, ids=["number", "whole number"])
def test_what_is_taken_is_what_was_meant(qtbot: QtBot, make, meant: dict[str, float | None], how: str) -> None:
    form = Form(make())
    qtbot.addWidget(form)
    form.show()
    for text, number in meant.items():
        form.field.setValue(OLD)
        put(qtbot, form.field, text, how)
        assert form.field.value() == (OLD if number is None else number), text
        assert (form.field.line is not None and form.field.line.isVisible()) == (number is None), text
        if number is None:
            assert f"It is still {form.field.text()}." in form.line.text()
            assert form.field.text().startswith("7")


@pytest.mark.parametrize("leave", ["Return", "Tab", "another window"])
def test_a_range_is_said_where_it_is_left(qtbot: QtBot, leave: str) -> None:
    form, other = Form(FloatField(1e-6, 1.0, log=True)), FloatField(0, 1)
    form.layout().addWidget(other)
    qtbot.addWidget(form)
    activate(qtbot, form)
    form.field.setValue(0.01)
    form.field.setFocus()
    form.field.selectAll()
    qtbot.keyClicks(form.field, "99999")
    if leave == "another window":
        form.field.clearFocus()
    else:
        qtbot.keyClick(form.field, getattr(Qt.Key, f"Key_{leave}"))
    assert form.field.value() == 0.01
    assert form.line.text() == "99999 is more than 1, the most. It is still 0.01."
    qtbot.keyClicks(form.field, "5")
    assert not form.line.isVisible()  # as soon as it is typed into again


def test_a_field_keeps_what_it_was_given_whatever_it_can_show(qtbot: QtBot) -> None:
    """Digits beyond those shown, seeds as large as the database holds, and values beyond the bounds."""
    for field, value in (
        (FloatField(0, 1), 0.0031622776601683795), (FloatField(0, 1), 1.2345678e-300), (FloatField(0, 1), 2.5),
        (IntField(0, MOST_SEED), MOST_SEED), (IntField(0, 10), 11), (CountOrAll(2), 5_000_000),
    ):  # fmt: skip
        qtbot.addWidget(field)
        told: list[object] = []
        field.valueChanged.connect(told.append)
        field.setValue(value)
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_Return)
        field.clearFocus()
        assert (field.value(), told) == (value, [value])


def test_all_is_a_word_and_a_count_too_small_is_refused(qtbot: QtBot) -> None:
    field = CountOrAll(2)
    qtbot.addWidget(field)
    field.set_count(5)
    put(qtbot, field, "1", "type")
    assert field.count() == 5
    put(qtbot, field, "all", "type")
    assert field.count() is None
    put(qtbot, field, "20240101", "type")
    assert field.count() == 20240101


@pytest.mark.parametrize("text", ["0,001", "0.1, 0,01", "1,440"])
def test_a_comma_in_a_list_is_never_guessed(text: str) -> None:
    with pytest.raises(InvalidExperiment, match="may be one number or two"):
        rates_from(text)
    with pytest.raises(InvalidExperiment):
        labels_from(text)


def test_lists_keep_all_digits() -> None:
    rates = (0.1, 0.0031622776601683795, 1e-5, 1.0)
    assert rates_from(rates_text(rates)) == rates
    assert rates_text((0.1, 1e-5, 1.0)) == "0.1, 1e-5, 1"
    assert labels_from("1,5,20, 440") == (1, 5, 20, 440)


def test_start_takes_what_is_still_being_typed(qtbot: QtBot, page, window, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+R leaves the focus in the field."""
    submitted: list[Experiment] = []
    monkeypatch.setattr(type(window.parts), "submit", lambda parts, wanted, *_, **__: submitted.extend(wanted))
    field = page.method.form.rows["epochs"].input
    activate(qtbot, window)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "17")
    page.start()
    qtbot.waitUntil(lambda: bool(submitted))  # once what was typed is checked
    assert [wanted.method.hyperparameters["epochs"] for wanted in submitted] == [17]
    wait_until_checked(qtbot, page)
