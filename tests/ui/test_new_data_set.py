"""Data sets of one file each, the recipe's and one of numbers: read, set up, typed, studied, run, compared."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

import engine.data.sets
from engine.comparison.differences import differences
from engine.data.preview import preview
from engine.data.sources import load, resolve, sets
from engine.errors import InvalidExperiment
from engine.events import Evaluated, RunFinished
from engine.execute import execute
from engine.experiment import DatasetChoice, Experiment, parse_experiment
from engine.naming import run_name
from engine.preflight.problems import problems
from storage import reading
from storage.store import RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run
from tests.recipes import among, recipe
from tests.ui.conftest import wait_until_checked
from ui.command.arguments import parse, parser
from ui.command.command_line import command_for
from ui.command.flags import plan_from
from ui.new_experiment.data_cards import badge_of
from ui.terminal.listing import list_datasets
from ui.window.main_window import MainWindow

LINES = '''
"""Straight lines through a few of their points."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from engine.data.curves import Curves
from engine.data.dataset import DataSet, DatasetInfo
from engine.experiment import DatasetChoice


class LinesChoice(DatasetChoice):
    steepest: int = Field(3, ge=1, le=9, title="Steepest", description="Largest slope in either direction.")
    through: Literal["anywhere", "origin"] = Field("anywhere", title="Through", description="What all lines meet.")
    seed: int = Field(0, ge=0, title="Seed of the lines", description="The same number: the same lines.")
    remark: str = Field("", title="Remark", description="What is said of them.")
    upwards: bool = Field(True, title="Also upwards", description="Lines that rise as well as lines that fall.")


@dataclass
class Lines:
    slope: np.ndarray
    start: np.ndarray
    x: np.ndarray

    def at(self, x):
        return self.slope * x + self.start


def draw(choice, rng, count, points):
    shares = rng.uniform(-1, 1, (count, 2 + points))
    slope = choice.steepest * (shares[:, :1] if choice.upwards else -np.abs(shares[:, :1]))
    return Lines(slope, shares[:, 1:2] * (choice.through == "anywhere"), 2 * shares[:, 2:])


DATASET = DataSet(
    DatasetInfo("lines", "Lines", "Regression: find a line from a few of its points.", licence="CC0"),
    curves=Curves(draw, lambda choice: f"Lines of slopes up to {choice.steepest}", (-2.0, 2.0)), Choice=LinesChoice,
)
'''
WORN = '''
"""Published as two arrays in a folder: pixels.npy and labels.npy."""

import io
from typing import Literal

import numpy as np
from pydantic import Field

from engine.data.dataset import DataSet, DatasetInfo
from engine.data.hashes import short_hash
from engine.data.images import ArrayPixels, ImageSet
from engine.experiment import DatasetChoice


class WornChoice(DatasetChoice):
    shown: Literal["plain", "negative"] = Field("plain", title="Shown", description="As they are, or inverted.")


def read(choice, listing, progress=None, cancelled=None):
    files = listing.open()
    found = {entry.path: np.load(io.BytesIO(files.whole(entry, 2**20))) for entry in listing.files}
    files.close()
    pixels, labels = found["pixels.npy"], found["labels.npy"]
    pixels = 255 - pixels if choice.shown == "negative" else pixels
    return ImageSet(
        name="worn", title="Worn", licence="CC0", labels=labels, class_names=("sole", "heel"),
        source=ArrayPixels(pixels, str), fingerprint=short_hash(pixels.tobytes(), labels.tobytes()), channels=1,
        typical_size=pixels.shape[1:],
    )


DATASET = DataSet(
    DatasetInfo("worn", "Worn shoes", "Soles and heels."), read=read, Choice=WornChoice,
    recognises=lambda listing: {"pixels.npy", "labels.npy"} <= {entry.path for entry in listing.files},
)
'''
QUICK = {"steps": 2, "validate_every": 1, "validation_episodes": 10, "test_episodes": 10, "meta_batch": 2, "query": 4}


@pytest.fixture
def new_sets(tmp_path: Path) -> Iterator[None]:
    """The files among the data sets, for the time of one test."""
    files = {"stripes": recipe("data set"), "lines": LINES, "worn": WORN}
    with among(engine.data.sets, tmp_path / "sets", forget, **files):
        yield


def forget() -> None:
    """As a program that starts: which data sets there are is looked for again."""
    sets.cache_clear()
    reading._settings.cache_clear()


def stripes(**more: object) -> Experiment:
    return parse_experiment({
        "dataset": {"name": "stripes", "labels_per_class": 2, **more},
        "method": {"name": "linear_probe", "hyperparameters": {"epochs": 1}},
    })  # fmt: skip


def lines(**more: object) -> Experiment:
    return parse_experiment({
        "dataset": {"name": "lines", **more}, "backbone": {"name": "sine_mlp"},
        "method": {"name": "maml", "hyperparameters": QUICK},
    })  # fmt: skip


@pytest.mark.usefixtures("new_sets")
def test_they_are_listed_after_those_that_there_were_and_read() -> None:
    named = [row[0] for row in list_datasets(Namespace()).rows]
    assert [name for name in named if name in ("mnist", "lines", "stripes", "worn")] == [
        "mnist",
        "lines",
        "stripes",
        "worn",
    ]
    plain, grainy = load(stripes(grain=0).dataset), load(stripes(grain=1).dataset)
    assert plain.counts.tolist() == [30] * 8
    assert plain.fingerprint != grainy.fingerprint
    assert preview(stripes().dataset).sentence == "240 images, 8 classes"
    found = preview(lines(steepest=2).dataset, meta=True)
    assert (found.sentence, len(found.strip), found.problem) == ("Lines of slopes up to 2", 16, None)
    assert not np.array_equal(found.strip[0], preview(lines(steepest=9).dataset, meta=True).strip[0])


@pytest.mark.usefixtures("new_sets")
def test_one_in_files_is_known_by_them_and_read_as_it_is_set(tmp_path: Path) -> None:
    folder = tmp_path / "shoes"
    folder.mkdir()
    with pytest.raises(InvalidExperiment) as missing:
        plan_from(parse(["run", "--data", "worn"]))
    assert str(missing.value) == "The folder of Worn shoes is not said. Give the folder or zip itself: --data FOLDER."
    rng = np.random.default_rng(0)
    np.save(folder / "pixels.npy", rng.integers(0, 100, (20, 9, 9), dtype=np.uint8))
    np.save(folder / "labels.npy", np.repeat([0, 1], 10))
    assert resolve(folder) == DatasetChoice(name="worn", path=str(folder))
    typed = ["run", "--data", str(folder), "--shown", "negative", "--method", "linear_probe"]
    (found,) = plan_from(parse(typed)).experiments
    assert problems(found) == []
    dark, bright = load(resolve(folder)), load(found.dataset)
    assert (bright.pixels([3], 9, 1) == 255 - dark.pixels([3], 9, 1)).all()
    assert load(found.dataset) is bright
    assert load(DatasetChoice(name="folder", path=str(folder))).fingerprint == dark.fingerprint
    assert badge_of(found.dataset) == "Worn shoes"
    assert run_name(found).startswith("Linear probe on Worn shoes")


@pytest.mark.usefixtures("new_sets")
@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": "stripes", "grain": 2}, "“dataset.grain” must be less than or equal to 1 (given: 2)."),
        ({"name": "stripes", "steepest": 2}, "“dataset.steepest” is not a known setting."),
        ({"name": "glyphs", "grain": 0.5}, "“dataset.grain” is not a known setting."),
        ({"name": "lines", "through": "here"}, "“dataset.through” must be 'anywhere' or 'origin' (given: 'here')."),
        ({"name": "lines", "vary_frequency": True}, "“dataset.vary_frequency” is not a known setting."),
    ],
)
def test_settings_are_checked_by_the_data_set_they_are_of(data: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        parse_experiment({"dataset": data})
    assert caught.value.message == words


@pytest.mark.usefixtures("new_sets")
def test_what_does_not_go_with_numbers_is_said_in_the_words_of_the_data_set() -> None:
    assert problems(lines()) == problems(stripes()) == []
    body = lines().model_dump()
    (network,) = problems(parse_experiment({**body, "backbone": {"name": "conv4"}}))
    assert network.message == "Conv-4 reads images, and lines are numbers."
    (classes,) = problems(lines(classes=3))
    assert classes.message == "Lines have no classes, so there is nothing to limit or divide."


def test_what_every_data_set_once_carried_is_read_and_written_as_it_was() -> None:
    """As 0.5.0 wrote it, where a distance may stand in the record of any data set."""
    body = {
        "name": "glyphs", "path": None, "classes": 40, "labels_per_class": 2, "split": None, "split_seed": 0,
        "part": None, "validation_per_class": None, "shift": None, "tested_on": [], "vary_frequency": False,
        "distance": 1.0,
    }  # fmt: skip
    assert list(parse_experiment({"dataset": body}).model_dump(mode="json")["dataset"].items()) == list(body.items())
    assert parse_experiment({"dataset": {**body, "distance": 0.5}}) == parse_experiment({"dataset": body})
    assert parse_experiment({}).group_hash() == "4c64bd6487ebacf4"  # of 0.5.0
    far = {**body, "name": "regions", "distance": 0.5}
    assert list(parse_experiment({"dataset": far}).model_dump(mode="json")["dataset"].items()) == list(far.items())


def test_a_run_of_a_data_set_that_is_gone_is_listed_as_it_was(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    request.getfixturevalue("new_sets")
    wanted = stripes(grain=0.5)
    with RunStore(Workspace(tmp_path / "workspace").open()) as store:
        run = store.create(new_run(wanted)).id
        engine.data.sets.__path__.pop()
        forget()
        read = store.run(run)
        engine.data.sets.__path__.append(str(tmp_path / "sets"))
    assert read.failure is None
    assert (read.experiment.dataset.grain, read.group) == (0.5, wanted.group_hash())  # type: ignore[attr-defined]
    (fault, *_) = problems(read.experiment)
    assert fault.message == "There is no data set called “stripes”."


@pytest.mark.usefixtures("new_sets")
def test_the_terminal_has_their_flags_and_gives_them_back() -> None:
    run = next(action.choices["run"] for action in parser()._actions if action.dest == "command")
    words = " ".join(run.format_help().split())
    assert "--grain G how much noise lies over the stripes" in words
    assert "--no-upwards lines that rise as well as lines that fall" in words
    assert "--through {anywhere,origin} what all lines meet" in words
    typed = shlex.split(
        "run --data lines --steepest 5 --no-upwards --through origin --data-seed 4 --remark 'two words'"
    )
    (found,) = plan_from(parse(typed)).experiments
    assert (found.method.name, found.backbone.name) == ("maml", "sine_mlp")
    assert found.dataset == DatasetChoice(
        name="lines", steepest=5, upwards=False, through="origin", seed=4, remark="two words"
    )
    line = command_for([found])
    assert "--steepest 5 --through origin --data-seed 4 --remark 'two words' --no-upwards" in line
    (again,) = plan_from(parse(shlex.split(line[line.index(" run ") :]))).experiments
    assert again == found
    with pytest.raises(InvalidExperiment) as caught:
        plan_from(parse(["run", "--data", "glyphs", "--grain", "0.5"]))
    assert caught.value.message == "--grain is a setting of Stripes, not of Glyphs."


@pytest.mark.usefixtures("new_sets")
@pytest.mark.parametrize("made", [stripes, lines])
def test_they_are_run_stored_and_compared(made: type, tmp_path: Path) -> None:
    own = {"grain": 0.5} if made is stripes else {"steepest": 5}
    wanted = made(**own)
    events = list(execute(wanted, tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    assert any(isinstance(event, Evaluated) for event in events)
    with RunStore(Workspace(tmp_path / "workspace").open()) as store:
        saved = store.run(store.create(new_run(wanted)).id)
    assert saved.experiment == wanted
    assert type(saved.experiment.dataset) is type(wanted.dataset)
    assert f" on {wanted.dataset.name.title()}" in run_name(wanted)
    (row,) = differences([wanted, made()])
    assert (row.label, row.values) == (("Grain", (0.5, 0.1)) if made is stripes else ("Steepest", (5, 3)))
    assert wanted.group_hash() != made().group_hash()


def test_the_form_and_the_studies_have_them(qtbot: QtBot, new_sets: None, request: pytest.FixtureRequest) -> None:
    window: MainWindow = request.getfixturevalue("window")
    page = window.show_page("new_experiment")
    wait_until_checked(qtbot, page)
    own = page.data.settings.own
    qtbot.mouseClick(page.data.cards["stripes"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    assert own["stripes"].isVisibleTo(page)
    assert not own["lines"].isVisibleTo(page)
    page.history.take()
    own["stripes"].rows["grain"].input.setValue(0.7)
    assert page.experiment().dataset.grain == 0.7
    page.history.take()
    assert page.history.stack.undoText() == "the grain"
    qtbot.mouseClick(page.data.cards["lines"], Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, page)
    inputs = {name: row.input for name, row in own["lines"].rows.items()}
    assert [(type(one).__name__, one.accessibleName()) for one in inputs.values()] == [
        ("IntField", "Steepest"), ("Choice", "Through"), ("IntField", "Seed of the lines"),
        ("QLineEdit", "Remark"), ("QCheckBox", "Also upwards"),
    ]  # fmt: skip
    inputs["steepest"].setValue(7)
    inputs["through"].set_key("origin")
    page.history.take()
    inputs["upwards"].setChecked(False)
    page.history.take()
    assert page.history.stack.undoText() == "“Also upwards”"
    found = page.experiment()
    assert found.dataset == DatasetChoice(name="lines", steepest=7, through="origin", upwards=False)
    assert (found.backbone.name, found.method.name, problems(found)) == ("sine_mlp", "maml", [])
    qtbot.mouseClick(page.data.cards["glyphs"], Qt.MouseButton.LeftButton)
    assert page.experiment().dataset == DatasetChoice(name="glyphs", classes=40, labels_per_class=2)
    page.fill(found)
    assert page.experiment().dataset == found.dataset
    studies = window.page("studies")
    studies.open_builder(None, False)
    form = studies.builder.form
    form.data.set_key(("stripes", None))
    assert form.study().dataset.name == "stripes"
    assert form.data.currentText() == "Stripes"
