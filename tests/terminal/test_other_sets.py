"""`test`: saved runs tested on further folders of images, whose classes are matched by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.artifacts.saved import SavedModel
from engine.comparison.answers import kept
from engine.data.files.loose import LooseImages
from engine.data.sources import load
from engine.metrics import TEST_SET
from engine.using import other_sets
from engine.using.labelled import OwnLabel, write_joined
from engine.using.own_images import own_images
from storage.store import RunStore
from storage.workspace import Workspace
from tests.terminal.conftest import Command
from tests.terminal.test_predict import LINEAR, drawn
from ui.trying.lot import drained


@pytest.fixture
def at(tmp_path: Path, warmstart: Command) -> tuple[object, ...]:
    """A workspace with one run on drawn bars."""
    place = ("--workspace", tmp_path / "workspace")
    assert warmstart("run", "--data", drawn(tmp_path / "photos", False), *LINEAR, *place).code == 0
    return place


def fresh(folder: Path, seed: int = 1) -> Path:
    """The drawn classes once more, every file with other bytes, so other images."""
    drawn(folder, False)
    rng = np.random.default_rng(seed)
    for file in folder.rglob("*.png"):
        pixels = np.asarray(Image.open(file)).astype(int) + rng.integers(-3, 4, (28, 28))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file)
    return folder


def test_the_figure_counts_what_predict_answers(tmp_path: Path, warmstart: Command, at: tuple[object, ...]) -> None:
    folder = fresh(tmp_path / "new")
    (said,) = warmstart("test", 1, folder, "--json", *at).objects()
    answers = warmstart("predict", 1, folder, "--json", *at).objects()
    right = sum(Path(one["image"]).parent.name == one["answers"][0]["class"] for one in answers)
    assert said["value"] == pytest.approx(right / 36)
    assert (said["images"], said["candidates"], said["notes"]) == (36, 1, [])
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        (figure,) = [one for one in store.results(1) if "test set" in one.at]
    assert figure.value == said["value"]
    assert figure.low < figure.value < figure.high
    assert figure.at == {"test set": f"{tmp_path.name}/new"}


def test_a_run_meets_nothing_that_it_learnt_from(tmp_path: Path, warmstart: Command, at: tuple[object, ...]) -> None:
    """On its own folder: exactly the images of its own test, and the images that it did not use, are left."""
    (said,) = warmstart("test", 1, tmp_path / "photos", "--json", *at).objects()
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        run = store.run(1)
        own, again = (one for one in store.results(1) if one.metric == "test/accuracy")
    assert own.ids is not None
    assert again.ids is not None
    assert set(own.ids) <= set(again.ids)
    found = dict(zip(again.ids.tolist(), again.predicted.tolist(), strict=True))  # type: ignore[union-attr]
    assert [found[place] for place in own.ids.tolist()] == own.predicted.tolist()  # type: ignore[union-attr]
    assert said["images"] == len(again.ids) < len(load(run.experiment.dataset))
    assert "learnt from" in said["notes"][0]


def test_classes_are_matched_by_name_and_others_are_told(
    tmp_path: Path, warmstart: Command, at: tuple[object, ...]
) -> None:
    folder = fresh(tmp_path / "new")
    (folder / "across").rename(folder / "ACROSS")
    (folder / "slant").rename(folder / "zig zag")
    said = warmstart("test", 1, folder, *at)
    assert said.code == 0
    assert "24 images" in said.out
    assert "12 images of 1 class that it does not know were left out: zig zag." in said.out
    assert "No image of 1 class that it knows: slant." in said.out


@pytest.mark.parametrize("inside", [False, True], ids=["the class folder itself", "the folder around it"])
def test_a_folder_of_one_class_tells_the_share_of_it_that_is_found(
    tmp_path: Path, warmstart: Command, at: tuple[object, ...], inside: bool
) -> None:
    slant = fresh(tmp_path / "new") / "slant"
    alone = tmp_path / "alone" / "slant"
    shutil.copytree(slant, alone)
    (said,) = warmstart("test", 1, alone.parent if inside else alone, "--json", *at).objects()
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        figures = [one for one in store.results(1) if TEST_SET in one.at]
        answers = kept(store.directory(store.run(1)), np.arange(12), figures[0].conditions["data"])
    assert len(figures) == 1  # balanced over one class it would be the same
    answered = warmstart("predict", 1, alone, "--json", *at).objects()
    assert said["value"] == sum(one["answers"][0]["class"] == "slant" for one in answered) / 12
    assert said["notes"] == ["Only images of “slant”: the accuracy is the share of them that is found."]
    assert answers is not None
    assert (answers.classes[:, 0] == figures[0].predicted).all()
    assert (answers.probabilities[:, 0] >= answers.truth).all()


def test_answers_of_each_set_are_kept_apart(tmp_path: Path, warmstart: Command, at: tuple[object, ...]) -> None:
    """The images of two sets have the same numbers: each has its own answers, and the run's own test keeps its."""
    folders = [fresh(tmp_path / f"new {seed}", seed) for seed in (1, 2)]
    for folder in folders:
        assert warmstart("test", 1, folder, *at).code == 0
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        own, first, second = (one for one in store.results(1) if one.metric == "test/accuracy")
        place = store.directory(store.run(1))
    sets = [(own, ""), (first, first.conditions["data"]), (second, second.conditions["data"])]
    found = [kept(place, np.asarray(figure.ids), data) for figure, data in sets]
    for (figure, _), answers in zip(sets, found, strict=True):
        assert answers is not None
        assert (answers.classes[:, 0] == figure.predicted).all()
    assert not np.array_equal(found[1].probabilities, found[2].probabilities)  # type: ignore[union-attr]


def test_a_full_disk_costs_how_sure_it_was_and_not_the_figure(
    tmp_path: Path, warmstart: Command, at: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(other_sets, "keep", full)
    (said,) = warmstart("test", 1, fresh(tmp_path / "new"), "--json", *at).objects()
    assert said["images"] == 36
    assert said["notes"] == ["How sure the network was of each image could not be written (no space left on device)."]


def test_a_set_that_chose_between_candidates_is_marked(
    tmp_path: Path, warmstart: Command, at: tuple[object, ...]
) -> None:
    """Seeds are no candidates; a second test of one run takes the place of the first."""
    folder = fresh(tmp_path / "new")
    photos = tmp_path / "photos"
    assert warmstart("run", "--data", photos, *LINEAR, "--seed", 1, *at).code == 0
    assert warmstart("run", "--data", photos, *LINEAR, "--set", "epochs=3", *at).code == 0
    assert "candidates" not in warmstart("test", 1, 2, folder, *at).out
    assert "candidates" not in warmstart("test", 1, folder, *at).out
    assert "2 candidates were tested on these images" in warmstart("test", 3, folder, *at).out
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        assert [len(store.tested_on([number])) for number in (1, 2, 3)] == [1, 1, 1]
        assert list(store.looked_at().values()) == [2]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: [one.rename(folder / f"other {one.name}") for one in list(folder.iterdir())], "No class of"),
        (lambda folder: shutil.rmtree(folder), "neither a data set nor a folder"),
        (lambda folder: [file.write_bytes(b"") for file in folder.rglob("*.png")], "can be read"),
        (lambda folder: shutil.copytree(folder / "slant", folder / "Slant_"), "Rename one of the two"),
    ],
    ids=["no class known", "no folder", "nothing read", "two classes of one name"],
)
def test_what_cannot_be_tested_is_told(
    tmp_path: Path, refuses: Callable[..., str], at: tuple[object, ...], spoil: Callable[[Path], object], words: str
) -> None:
    folder = fresh(tmp_path / "new")
    spoil(folder)
    assert words in refuses("test", 1, folder, *at)


def test_a_bench_has_no_network_to_test(tmp_path: Path, warmstart: Command, refuses: Callable[..., str]) -> None:
    at = ("--workspace", tmp_path / "workspace")
    photos = drawn(tmp_path / "photos", False)
    assert warmstart("run", "--data", photos, "--method", "head_bench", "--labels-per-class", 3, *at).code == 0
    assert "has no weights" in refuses("test", 1, photos, *at)


def test_a_run_on_corrected_images_is_compared_with_the_one_before(
    tmp_path: Path, warmstart: Command, at: tuple[object, ...]
) -> None:
    """The joined set holds more images under other numbers, but its test images are the same, one by one."""
    fresh(tmp_path / "new")
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        run = store.run(1)
        model = SavedModel.open(store.directory(run), run.experiment, store.class_names(1))
        material = drained(own_images(model, store.directory(run)), lambda _: None, lambda: False)
    with LooseImages([tmp_path / "new" / "slant"]) as images:
        labels = [OwnLabel(images, place, "slant", "down", 0.5, "Run 1") for place in range(5)]
        write_joined(labels, material, tmp_path / "joined")
    method = ("--method", "linear_probe", "--set", "epochs=2")
    assert warmstart("run", "--data", tmp_path / "joined", *method, "--split", "given", *at).code == 0
    said = warmstart("compare", 1, 2, *at)
    assert "not comparable" not in said.out
    assert f"same {len(material.test)} test images" in said.out


def test_a_folder_of_the_same_name_takes_no_figure_away(
    tmp_path: Path, warmstart: Command, at: tuple[object, ...]
) -> None:
    """Both are called "2025/test"; what lies in one of them may be taken again."""
    one, other = (fresh(tmp_path / city / "2025" / "test") for city in ("rome", "oslo"))
    next(other.rglob("*.png")).unlink()
    for folder in (one, other, one):
        assert warmstart("test", 1, folder, *at).code == 0
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        found = store.tested_on([1])
    assert [figure.notes["test set"] for figure in found] == [str(other), str(one)]
    assert {figure.title for figure in found} == {"2025/test"}
    for file in sorted(one.rglob("*.png"))[:3]:
        file.unlink()
    assert warmstart("test", 1, one, *at).code == 0
    with RunStore(Workspace(tmp_path / "workspace")) as store:
        assert len(store.tested_on([1])) == 2  # another content in the same place: it was changed
