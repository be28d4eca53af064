"""Cost grows no faster than size: work is counted at two sizes, see `tests/work.py`; the benchmark's own sums."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex
from pytestqt.qtbot import QtBot

from benchmarks import growth_data, growth_runs, growth_window
from benchmarks.growth_curve import Curve, Growth, exponent
from benchmarks.growth_picture import duration, picture
from benchmarks.growth_runs import add, cells, experiment, study_of
from engine.bench.draws import LabelCount, draw
from engine.bench.measure import folds_of
from engine.data.episodes import EpisodeSampler
from engine.data.files.folder import classes_of_parts
from engine.data.files.reading import Entry
from engine.data.files.tree import list_files
from engine.data.images import ImageSet
from engine.data.splits import split_images
from engine.events import RunState
from engine.experiment import DatasetChoice
from engine.layers import LayerRow, Treatment, treatment
from storage.lines import is_taken
from storage.rows import RunRow
from storage.store import RunStore
from storage.workspace import Workspace
from tests.work import STEEPEST, Counted, bytecodes, elements
from ui.comparison.run_arrangement import Arrangement
from ui.comparison.run_columns import PLACES
from ui.comparison.side_names import distinct_looks, shortened
from ui.figures.painted_axes import Axis
from ui.new_experiment import layer_view
from ui.new_experiment.layer_doubts import median_of_others
from ui.runs.run_list import RunListModel
from ui.studies import reading as studies

IMAGES, FEW, MANY = 4000, 10, 200


def counted(classes: int) -> ImageSet:
    """The same images in so many classes, a quarter of each to train, validate and test as the folders say."""
    data = growth_data.in_memory(IMAGES, classes, given=True)
    assert data.given_split is not None
    return replace(data, labels=data.labels.view(Counted), given_split=data.given_split.view(Counted))


DIVISIONS: dict[str, Callable[[ImageSet], object]] = {
    "stratified": lambda data: split_images(data, DatasetChoice(split="stratified"), 0),
    "as the folders say": lambda data: split_images(data, DatasetChoice(labels_per_class=2), 0),
    "halves": lambda data: split_images(data, DatasetChoice(part="source half"), 0),
    "parts of classes": lambda data: classes_of_parts(data.labels, data.given_split),
    "episodes": lambda data: EpisodeSampler(data.labels, np.arange(len(data.class_names)), 5, 1, 1),
    "labels of a bench": lambda data: draw(np.arange(IMAGES), data.labels, LabelCount(2, 2, False), 0, 1),
    "folds of a bench": lambda data: folds_of(data.labels, len(data.class_names), 0),
}


@pytest.mark.parametrize("way", DIVISIONS)
def test_dividing_looks_at_no_image_more_often_for_more_classes(way: str) -> None:
    few, many = (counted(classes) for classes in (FEW, MANY))
    before, after = (elements(lambda data=data: DIVISIONS[way](data)) for data in (few, many))
    assert before >= IMAGES
    assert after <= STEEPEST * before


def test_files_without_an_ending_are_sorted_out_in_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = growth_data.write_folder(tmp_path / "photos", 60, 3, "")
    (root / "class 0" / "words").write_text("no image")
    asked, plain = [0], Entry.__hash__

    def hashed(entry: Entry) -> int:
        asked[0] += 1
        return plain(entry)

    listing = list_files(root)
    monkeypatch.setattr(Entry, "__hash__", hashed)
    assert (len(listing.images), len(listing.unknown)) == (60, 1)
    assert asked[0] <= 3 * 61


def steps(connection: sqlite3.Connection, work: Callable[[], object]) -> int:
    """Instructions of SQLite, in tens."""
    count = [0]

    def tick() -> int:
        count[0] += 1
        return 0

    connection.set_progress_handler(tick, 10)
    work()
    connection.set_progress_handler(None, 0)
    return count[0]


def test_the_next_cell_of_a_long_study_is_not_looked_for_among_all_its_runs(tmp_path: Path) -> None:
    with RunStore(Workspace(tmp_path)) as store:
        study = study_of(160)
        row = store.create_study(study.title, study.model_dump_json())
        wanted = cells(study)
        first = add(store, [cell.experiment for cell in wanted], row.id, tuple(cell.key for cell in wanted))
        asked = steps(store._connection, lambda: is_taken(store._connection, store.workspace, row.id, wanted[0].key))
        assert asked <= 20  # over all 160 runs it would be 200 and more
        store._connection.execute(
            "UPDATE run SET state = 'queued', owner = (SELECT owner FROM run WHERE id = ?) WHERE id = ?", (first, first)
        )
        assert store.run(first).state is RunState.QUEUED


@pytest.mark.parametrize("named", ["run {}", "The network from last Thursday, after the talk on {}", "the same"])
def test_a_run_is_not_looked_for_among_all(tmp_path: Path, named: str) -> None:
    asked = []
    for size in (20, 320):
        with RunStore(Workspace(tmp_path / str(size))) as store:
            add(store, [experiment(seed) for seed in range(size)])
            names = [(named.format(number), number) for number in range(1, size + 1)]
            store._connection.executemany("UPDATE run SET name = ?, uid = 'a' || id || 'z' WHERE id = ?", names)
            keys = (str(size), f"a{size}z", f"a{size}", named.format(size))
            assert [store.run(key).id for key in keys] == [size] * 4
            asked.append(sum(steps(store._connection, lambda key=key: store.run(key)) for key in keys))
    assert asked[1] <= STEEPEST * asked[0]


def test_a_study_of_any_size_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "MOST_READ", 30)
    with ExitStack() as after:
        read_twice = growth_runs.open_study(80, tmp_path, after)
        read = []
        monkeypatch.setattr(RunStore, "results", lambda store, run_id: read.append(run_id) or [growth_runs.figure()])
        read_twice()
        assert len(read) == len(set(read)) == 80
        studies.forget_all_but(30)
        assert len(studies._READ) == 30


def rows(count: int, name: Callable[[int], str] = "run {}".format) -> list[RunRow]:
    made = [experiment(10 * number) for number in range(count)]
    return [
        RunRow(number, f"u{number}", name(number), RunState.FINISHED, "finetune", one, one.group_hash(), float(number))
        for number, one in enumerate(made)
    ]


def is_no_steeper(work: Callable[[int], Callable[[], object]], small: int, large: int) -> bool:
    """Whether the work of the larger size is no more than its share; each is made ready and done once before."""
    found = []
    for size in (small, large):
        ready = work(size)
        ready()
        found.append(bytecodes(ready))
    return found[1] <= STEEPEST * found[0] * large / small


LONG = "The network from last Thursday, after the talk on {}".format


@pytest.mark.parametrize("name", ["run {}".format, LONG, lambda number: "the same"])
def test_sides_are_named_in_time_that_grows_with_them(name: Callable[[int], str]) -> None:
    def work(size: int) -> Callable[[], object]:
        names = [name(number) for number in range(size)]
        return lambda: (shortened(names), distinct_looks(range(size)))

    assert is_no_steeper(work, 40, 640)


def test_a_run_finds_its_place_on_an_axis_of_names_at_once() -> None:
    class Name(str):
        asked = 0

        def __eq__(self, other: object) -> bool:
            Name.asked += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    names = tuple(Name(f"run {number}") for number in range(100))
    axis = Axis(0.0, 1.0, choices=names)
    shares = [axis.share(Name(name)) for name in names]
    assert shares == [(number + 0.5) / 100 for number in range(100)]
    assert axis.share("no run") == 0.5 / 100
    assert Name.asked <= 3 * 100


@pytest.mark.parametrize("key", ["name", "test", "date", "method"])
def test_sorting_the_run_table_makes_no_line_anew(key: str) -> None:
    some, lines = rows(30), Arrangement()
    lines.build(some)
    before = dict(lines.nodes)
    for descending in (True, False):
        lines.column, lines.descending = PLACES[key], descending
        lines.build(some)
        assert all(lines.nodes[number] is node for number, node in before.items())
    lines.build([replace(some[0], name="another"), *some[1:]])
    changed = [number for number, node in lines.nodes.items() if node is not before[number]]
    assert (changed, lines.nodes[0].text(PLACES["name"])) == ([0], "another")
    assert [node.place for node in lines.top] == list(range(30))


@pytest.mark.parametrize("scattered", [False, True])
def test_runs_leave_the_list_in_time_that_grows_with_them(qtbot: QtBot, scattered: bool) -> None:
    def work(size: int) -> Callable[[], object]:
        some = rows(size)
        gone = [replace(row, deleted_at=1.0) for row in (some[::2] if scattered else some[: size // 2])]
        model = RunListModel(lambda _: None)
        return lambda: (model.set_rows(some), model.update_rows(gone))

    assert is_no_steeper(work, 20, 160)


@pytest.mark.parametrize("gone", [(), (0,), (4,), (1, 2), (0, 2, 4), (0, 1, 2, 3, 4)])
def test_the_list_of_runs_tells_exactly_which_lines_went(qtbot: QtBot, gone: Sequence[int]) -> None:
    some, told = rows(5), []
    model = RunListModel(lambda _: None)
    model.set_rows(some)
    model.rowsRemoved.connect(lambda _, first, last: told.extend(range(first, last + 1)))
    model.update_rows([replace(some[place], deleted_at=1.0) for place in gone])
    left = [row for place, row in enumerate(some) if place not in gone]
    assert (model.rows(), sorted(told)) == (left, list(gone))
    assert [model.place(row.id).row() for row in left] == list(range(len(left)))
    assert not any(model.place(place).isValid() for place in gone)
    assert model.rowCount(QModelIndex()) == len(left)


def test_the_layer_table_asks_once_what_happens_to_each_block(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, blocks = [0], 12

    def counting(row: LayerRow, last_epoch: int, new: bool) -> Treatment:
        asked[0] += 1
        return treatment(row, last_epoch, new)

    monkeypatch.setattr(layer_view, "treatment", counting)
    with ExitStack() as after:
        growth_window.layers(blocks, tmp_path, after)()
    assert asked[0] == blocks + 1


@pytest.mark.parametrize("values", [[1.0, 2.0], [3.0, 1.0, 2.0], [2.0, 2.0, 1.0, 9.0], [5.0, 4.0, 3.0, 2.0, 1.0]])
def test_a_changed_block_is_held_against_the_others_alone(values: list[float]) -> None:
    for place, one in enumerate(values):
        others = values[:place] + values[place + 1 :]
        assert median_of_others(sorted(values), one, len(others)) == median(others)
    assert median_of_others(sorted(values), None, len(values)) == median(values)


def test_the_exponent_is_that_of_the_upper_sizes() -> None:
    sizes = [10, 100, 1_000, 10_000]
    assert exponent(sizes, [1e-9 * size**2 for size in sizes]) == pytest.approx(2.0)
    assert exponent(sizes, [1.0, 1.0, 1.0, 10.0]) == pytest.approx(0.5)  # over 100, 1,000 and 10,000
    assert exponent([10], [1.0]) == 0.0
    curve = Curve("", "runs", tuple(sizes), lambda *_: None.__class__)
    assert Growth(curve, tuple(sizes), (1e-6, 1e-4, 1e-2, 1.0)).verdict == "SUPERLINEAR"
    assert Growth(curve, tuple(sizes), (1e-3, 1e-2, 1e-1, 1.0)).verdict == "linear or better"
    assert Growth(curve, tuple(sizes), (1e-9, 1e-7, 1e-5, 1e-3)).verdict == "negligible"


def test_the_picture_shows_every_curve() -> None:
    made = [
        {"over": over, "title": f"{over} <a>", "sizes": (10, 100), "seconds": (1e-3, 2e-2), "exponent": 1.3}
        for over in ("runs", "blocks")
    ]
    drawn = picture(made)
    assert all(f"1.30  {row['over']} &lt;a&gt;" in drawn for row in made)
    assert [duration(power) for power in (-7, -6, -4, -3, -1, 0, 2)] == [
        "100 ns", "1 µs", "100 µs", "1 ms", "100 ms", "1 s", "100 s"
    ]  # fmt: skip
    assert drawn.startswith("<svg")
    assert drawn.rstrip().endswith("</svg>")
