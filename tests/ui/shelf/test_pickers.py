"""The dialogs that weights and data sets are chosen from, with 2,000 lines, by real keys and clicks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.backbones import catalog, located, shelf
from engine.backbones.download import key
from engine.backbones.shelf import ShelfRow
from engine.downloads.remote import Remote
from engine.downloads.wanted import Wanted
from engine.experiment import BackboneChoice, DatasetChoice
from tests.bad_server import BadServer
from tests.ui.conftest import activate
from tests.ui.late import worked_late
from ui import theme
from ui.downloads.consent import KNOWN
from ui.downloads.downloads import OFFLINE_WORDS
from ui.shelf import sets, weights
from ui.shelf.data_picker import choose_data
from ui.shelf.list_painting import LinePainter
from ui.shelf.picker import Picker
from ui.shelf.short_texts import MOST, ShortTexts
from ui.shelf.weights_picker import choose_weights
from ui.window.main_window import MainWindow
from ui.window_memory import WindowMemory


def broken(*given: object) -> None:
    raise ZeroDivisionError


CONV4 = BackboneChoice(name="conv4", weights="omniglot-supervised")
Open = Callable[..., Picker]


@pytest.fixture
def chosen() -> list[BackboneChoice]:
    return []


@pytest.fixture
def open_weights(qtbot: QtBot, window: MainWindow, chosen: list[BackboneChoice]) -> Open:
    def opened(data: DatasetChoice | None = None, current: BackboneChoice = CONV4) -> Picker:
        picker = choose_weights(window.parts, data, current, chosen.append, window)
        activate(qtbot, picker)
        qtbot.waitUntil(lambda: bool(picker.table.list.lines.all()))
        return picker

    return opened


def in_hand() -> QWidget:
    """The widget that has the keyboard."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


def shown(picker: Picker) -> list[str]:
    return [entry.key for entry in picker.table.list.lines.shown]


def test_words_leave_the_lines_that_have_all_of_them_and_return_uses_the_first(
    qtbot: QtBot, open_weights: Open, chosen: list[BackboneChoice], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = located.hub_checkpoints() / "resnet50-11ad3fa6.pth"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    picker = open_weights()
    activate(qtbot, picker)
    qtbot.waitUntil(picker.search.hasFocus)
    assert picker.table.current().key == "conv4 omniglot-supervised"
    qtbot.keyClicks(picker.search, "V2 resnet-50")
    assert shown(picker)[0] == "resnet50 imagenet_v2"
    assert all("resnet-50" in entry.words and "v2" in entry.words for entry in picker.table.list.lines.shown)
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert chosen == [BackboneChoice(name="resnet50", weights="imagenet_v2", preparation="own")]
    assert not picker.isVisible()


def test_what_arrives_after_it_was_closed_is_not_listed_in_it(
    qtbot: QtBot, open_weights: Open, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    picker, read = open_weights(), list[int]()
    picker.reject()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    monkeypatch.setattr(weights, "rows", lambda: read.append(1) or ())
    window.parts.downloads.arrived.emit("weights:none")
    with worked_late(qtbot, window.parts.background):
        pass
    assert not read


def test_the_usual_ones_come_first_then_favourites_which_are_kept(
    qtbot: QtBot, long_shelf: tuple[ShelfRow, ...], open_weights: Open, window: MainWindow
) -> None:
    usual = {info.name for info in catalog.backbones()}
    picker = open_weights()
    activate(qtbot, picker)
    named = {f"{line.item.backbone} {line.item.weights}": line for line in picker.table.list.lines.shown}
    its_words = next(name for name in list(named)[1500:] if sum(name in other for other in named) == 1)
    starred = named[its_words]
    qtbot.keyClicks(picker.search, its_words)
    qtbot.keyClick(picker.search, Qt.Key.Key_Down)
    assert picker.table.hasFocus()
    qtbot.keyClick(picker.table, Qt.Key.Key_F)
    assert picker.search.text() == its_words, "F is no letter there"
    picker.reject()
    again = open_weights()
    first = [entry.item.backbone in usual for entry in again.table.list.lines.shown]
    assert first == sorted(first, reverse=True)
    assert shown(again)[sum(first)] == starred.key
    again.filters.boxes["Favourites"].setChecked(True)
    assert shown(again) == [starred.key]
    qtbot.mouseClick(again.table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert WindowMemory(window.parts.settings).favourites("weights") == frozenset()


def test_the_whole_list_by_keys_letters_go_to_the_field_and_escape_closes(
    qtbot: QtBot, long_shelf: tuple[ShelfRow, ...], open_weights: Open, chosen: list[BackboneChoice]
) -> None:
    picker = open_weights()
    activate(qtbot, picker)
    before = picker.table.currentIndex().row()
    for move in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(in_hand(), move)
    assert picker.table.currentIndex().row() == before + 1
    for letter in "Vit":
        qtbot.keyClick(in_hand(), letter)
    qtbot.keyClick(in_hand(), Qt.Key.Key_Backspace)
    assert (picker.search.text(), picker.search.hasFocus()) == ("Vi", True)
    qtbot.keyClick(in_hand(), Qt.Key.Key_Escape)
    assert not picker.isVisible()
    assert chosen == []


@pytest.mark.parametrize(
    "title, answer, holds",
    [
        ("Where", "On this machine", lambda row: row.state in ("none needed", "bundled", "installed")),
        ("Where", "To download", lambda row: row.state == "download"),
        ("Where", "Extra “timm”", lambda row: row.needs == "timm"),
        ("Kind of network", "Mixer", lambda row: row.family == "mixer"),
        ("Parameters", "Up to 5 M", lambda row: row.parameters <= 5e6),
        ("Size of the file", "Up to 25 MB", lambda row: 0 < row.bytes <= 25e6),
        ("Licence, as stated", "CC BY-NC 4.0", lambda row: row.licence == "CC BY-NC 4.0"),
    ],
)
def test_a_filter_leaves_exactly_what_it_says(
    title: str, answer: str, holds: Callable[[ShelfRow], bool], long_shelf: tuple[ShelfRow, ...]
) -> None:
    found = weights.entries(frozenset())
    options = next(dict(one.options) for one in weights.filters(found) if one.title == title)
    left = [entry.item for entry in found if options[answer](entry)]
    assert left == [row for row in long_shelf if holds(row)]
    assert 0 < len(left) < len(found)


def test_filters_and_words_hold_together_and_the_memory_that_is_free_is_a_filter(
    qtbot: QtBot, long_shelf: tuple[ShelfRow, ...], open_weights: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.machine.memory.free", lambda: 16 * 20_000_000)
    picker = open_weights()
    assert picker.filters.fields["Kind of network"].set_key("Transformer")
    picker.filters.boxes["Fits this machine"].setChecked(True)
    qtbot.keyClicks(picker.search, "laion2b")
    left = [entry.item for entry in picker.table.list.lines.shown]
    assert left
    assert all(row.family == "transformer" and row.parameters < 20_000_000 and row.source == "timm" for row in left)
    assert picker.count.text() == f"{len(left)} of 2,000 sets of weights"


def test_misfits_say_why_and_stand_behind_however_it_is_sorted(qtbot: QtBot, open_weights: Open) -> None:
    picker = open_weights(DatasetChoice(name="digits"))  # 8 px, grey
    lines = picker.table.list.lines
    qtbot.waitUntil(lambda: bool(lines.misfits))
    assert lines.misfits["resnet18 imagenet"] == "It reads images of 224 px, and yours have 8 px."
    assert lines.misfits["sine_mlp random"] == "It reads numbers, and these are images."
    assert "conv4 omniglot-supervised" not in lines.misfits
    for column, order in ((1, Qt.SortOrder.AscendingOrder), (2, Qt.SortOrder.DescendingOrder)):
        picker.table.sortByColumn(column, order)
        marked = [entry.key in lines.misfits for entry in lines.shown]
        assert marked == sorted(marked)
    picker.table.choose("resnet18 imagenet")
    qtbot.waitUntil(lambda: "It reads images of 224 px" in picker.side.spoken())


def test_columns_sort_by_what_they_mean(qtbot: QtBot, long_shelf: tuple[ShelfRow, ...], open_weights: Open) -> None:
    picker = open_weights()
    for column, of in ((2, lambda row: row.parameters), (3, lambda row: row.bytes)):
        picker.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
        values = [of(entry.item) for entry in picker.table.list.lines.shown]
        assert values == sorted(values)
    picker.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert picker.table.list.lines.shown[0].item.backbone == "conv4", "as at first"


def test_the_side_tells_what_is_known_and_whose_word_it_is(qtbot: QtBot, open_weights: Open) -> None:
    picker = open_weights(current=BackboneChoice(name="resnet50", weights="imagenet_v2"))
    qtbot.waitUntil(lambda: "ResNet-50" in picker.side.spoken())
    said = picker.side.spoken()
    for part in (
        "Accuracy: 80.9 % of ImageNet-1k, as stated by torchvision", "Mean: 0.485, 0.456, 0.406",
        "Licence: BSD-3, as stated by torchvision", "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
    ):  # fmt: skip
        assert part in said


def test_what_needs_an_extra_says_how_to_install_it(
    qtbot: QtBot, long_shelf: tuple[ShelfRow, ...], open_weights: Open, chosen: list[BackboneChoice]
) -> None:
    row = long_shelf[-1]
    picker = open_weights(current=BackboneChoice(name=row.backbone, weights=row.weights))
    qtbot.waitUntil(lambda: bool(picker.why_not.text()))
    assert picker.why_not.text() == 'They need the extra “timm”. Install it: pip install "warmstart[timm]"'
    assert not picker.use.isEnabled()
    assert not picker.fetching.button.isVisible()
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert (picker.isVisible(), chosen) == (True, [])


def test_what_was_downloaded_can_be_used_without_opening_it_again(
    qtbot: QtBot, window: MainWindow, open_weights: Open, chosen: list[BackboneChoice], host: BadServer,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    host.files["resnet50-11ad3fa6.pth"] = bytes(range(256)) * 4000

    def wanted(row: ShelfRow) -> Wanted:
        file = Remote(host.address("slow", "resnet50-11ad3fa6.pth"), "resnet50-11ad3fa6.pth")
        return Wanted(key(row.backbone, row.weights), row.title, (file,), located.hub_checkpoints())

    monkeypatch.setattr(weights, "to_fetch", wanted)
    window.parts.settings.setValue(KNOWN, "127.0.0.1")
    picker = open_weights(current=BackboneChoice(name="resnet50", weights="imagenet_v2"))
    qtbot.waitUntil(picker.fetching.button.isVisible)
    assert picker.fetching.button.text() == "Download 103 MB"
    assert "from 127.0.0.1" in picker.fetching.words.text()
    assert picker.why_not.text() == "They are not on this machine. Download them first."
    seen: set[str] = set()
    place = picker.table.list.where
    picker.table.list.dataChanged.connect(
        lambda *_: seen.add(picker.table.currentIndex().siblingAtColumn(place).data())
    )
    qtbot.mouseClick(picker.fetching.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(picker.use.isEnabled)
    assert any(words.endswith(" %") for words in seen), "its line tells how far it is"
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert chosen == [BackboneChoice(name="resnet50", weights="imagenet_v2", preparation="own")]


def test_offline_nothing_is_fetched_and_why_is_said(qtbot: QtBot, window: MainWindow, open_weights: Open) -> None:
    picker = open_weights(current=BackboneChoice(name="resnet50", weights="imagenet_v2"))
    qtbot.waitUntil(picker.fetching.button.isVisible)
    window.parts.downloads.offline = True
    assert not picker.fetching.button.isEnabled()
    assert picker.fetching.words.text() == OFFLINE_WORDS


def test_every_row_of_the_shelf_can_be_told(window: MainWindow) -> None:
    for row in shelf.rows():
        said = weights.told(row)
        assert said.title == row.title
        assert all(name and words for name, words in said.lines)


def test_data_sets_are_chosen_from_the_same_kind_of_list(qtbot: QtBot, window: MainWindow) -> None:
    chosen: list[DatasetChoice] = []
    picker = choose_data(window.parts, DatasetChoice(name="digits"), chosen.append, window)
    activate(qtbot, picker)
    qtbot.waitUntil(lambda: bool(picker.table.list.lines.all()))
    assert picker.table.current().key == "digits"
    qtbot.keyClicks(picker.search, "satellite colour")
    assert shown(picker) == ["eurosat"]
    qtbot.waitUntil(picker.fetching.button.isVisible)
    assert picker.fetching.button.text() == "Download 94 MB"
    assert not picker.use.isEnabled()
    picker.search.clear()
    qtbot.keyClicks(picker.search, "glyphs")
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert chosen == [DatasetChoice(name="glyphs")]


def test_every_data_set_says_where_it_is_or_what_to_do() -> None:
    for entry in sets.entries():
        assert entry.here == (not sets.why_not(entry.item))
        assert all(words for _, words in sets.told(entry.item).lines)


def test_a_key_paints_what_is_seen_once_lays_out_what_is_new_and_leaves_the_side_alone(
    qtbot: QtBot, long_shelf: tuple[ShelfRow, ...], open_weights: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a key costs, counted; `benchmarks/picker.py` says what that takes."""
    picker = open_weights()
    assert len(shown(picker)) == len(long_shelf)
    qtbot.waitUntil(lambda: picker.side.title.text() != "")
    drawn, told = list[str](), list[object]()
    draw, tell = LinePainter._draw_line, picker.side.tell
    monkeypatch.setattr(
        LinePainter, "_draw_line", lambda self, *given: drawn.append(given[1].key) or draw(self, *given)
    )
    monkeypatch.setattr(picker.side, "tell", lambda *given: told.append(given) or tell(*given))
    picker._side_soon.setInterval(60_000)  # on a slow machine too no key is followed by a rest
    typed = "vit large patch"

    def type_all() -> None:
        for letter in (*typed, *[Qt.Key.Key_Backspace] * len(typed)):
            drawn.clear()
            qtbot.keyClick(picker.search, letter)
            QApplication.processEvents()
            assert len(drawn) == len(set(drawn)), "each line once"
            assert len(drawn) <= seen_at_once(picker)

    type_all()
    laid_out = picker.table.texts.laid_out
    type_all()
    assert picker.table.texts.laid_out == laid_out, "what was seen before is not laid out again"
    assert told == []
    picker._side_soon.setInterval(0)
    qtbot.keyClick(picker.search, "v")
    qtbot.waitUntil(lambda: len(told) == 1)


def seen_at_once(picker: Picker) -> int:
    """The most lines that reach into the view."""
    return picker.table.viewport().height() // picker.table.verticalHeader().defaultSectionSize() + 2


def test_the_list_is_there_while_other_work_waits_for_the_engine(qtbot: QtBot, window: MainWindow) -> None:
    imported = threading.Event()
    for _ in range(4):
        window.parts.background.run(lambda cancelled: imported.wait(20), lambda _: None)
    picker = choose_weights(window.parts, DatasetChoice(name="glyphs"), CONV4, lambda _: None, window)
    qtbot.waitUntil(lambda: bool(picker.table.list.lines.all()))
    assert not imported.is_set()
    imported.set()
    picker.reject()


@pytest.mark.parametrize("width", [3, 40, 200, 1000])
def test_a_text_is_shortened_to_its_width_in_the_font_of_now(qtbot: QtBot, width: int) -> None:
    texts = ShortTexts()
    for font in (theme.font(), theme.font("title", bold=True)):
        texts.use(font)
        metrics = QFontMetrics(font)
        for text in ("", "a", "net7_large_patch7_7.laion2b_ft_in12k", "<b>bold</b> & more"):
            laid, wide = texts.of(text, width)
            assert laid.text() == metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            assert laid.textFormat() == Qt.TextFormat.PlainText
            assert wide == metrics.horizontalAdvance(laid.text())
            assert texts.of(text, width)[0] is laid


def test_no_more_texts_are_kept_than_there_is_room_for(qtbot: QtBot) -> None:
    texts = ShortTexts()
    for number in range(MOST + 10):
        texts.of(str(number), 100)
    before = texts.laid_out
    texts.of(str(MOST + 9), 100)
    assert texts.laid_out == before == MOST + 10
    texts.of("0", 100)
    assert texts.laid_out == before + 1, "the oldest have gone"


def test_a_list_that_cannot_be_read_is_not_looked_for_for_ever(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "entries", broken)
    picker = choose_data(window.parts, DatasetChoice(), lambda chosen: None, window)
    qtbot.addWidget(picker)
    qtbot.waitUntil(lambda: picker.count.text() == "The list could not be read.")
