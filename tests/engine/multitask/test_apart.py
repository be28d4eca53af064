"""No task learns from what another is tested on, and each figure says of its own images what must be known of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.comparison.wording import caveats
from engine.data.labelled_set import Skipped
from engine.data.sources import load
from engine.errors import InvalidExperiment
from engine.events import Evaluated, Event, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, TaskChoice
from engine.multitask.apart import division_faults
from engine.multitask.cost import _sizes
from engine.multitask.run import unlimited
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.provenance import left_out
from engine.provenance.noted import keep_left_out
from tests.engine.multitask.test_run import figures, folder, given, other, ran
from ui.terminal.checks import check_data

__all__ = ["folder", "other"]
OTHERWISE = TaskChoice(dataset=DatasetChoice(name="digits", split_seed=1))


def of_digits(*tasks: TaskChoice, **values: object) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits"), backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name=str(values.pop("name", "equal")), hyperparameters={"epochs": 1, **values}),
        tasks=tasks,
    )  # fmt: skip


def test_one_set_divided_in_two_ways_is_refused(tmp_path: Path) -> None:
    failed = list(execute(of_digits(TaskChoice(), OTHERWISE), tmp_path))[-1]
    assert isinstance(failed, RunFailed)
    assert "would learn from images" in failed.message
    assert "same seed" in failed.advice


def test_a_check_of_the_form_prepares_no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for at each edit."""

    def refuse(*given: object) -> None:
        raise AssertionError("an image would be read")

    monkeypatch.setattr("engine.multitask.tasks.images", refuse)
    assert not division_faults(of_digits(TaskChoice(), TaskChoice(labels="which half")))


def test_texts_are_refused_with_what_helps() -> None:
    """Another network of texts would not."""
    texts = Experiment(dataset=DatasetChoice(name="clinc150"), backbone=BackboneChoice(name="text_bilstm"),
                       method=MethodChoice(name="equal"))  # fmt: skip
    (fault,) = [one for one in problems(texts) if "texts" in one.message]
    assert (fault.field, fault.advice) == ("dataset", "Choose images, or a fine-tuning method.")


def test_what_the_images_tell_is_refused_before_a_start(folder: Path, tmp_path: Path) -> None:
    """Divisions that cross, questions that tell nothing apart, images that are not there; the terminal asks as well."""
    half = DatasetChoice(name="digits", classes=2)
    nowhere = TaskChoice(dataset=DatasetChoice(name="folder", path=str(tmp_path / "nowhere")))
    for tasks, said in (
        ((TaskChoice(), OTHERWISE), "would learn from images"),
        ((TaskChoice(), TaskChoice(labels="first half", dataset=half)), "which is no question"),
        ((TaskChoice(), nowhere), "nowhere"),
    ):
        (fault,) = division_faults(of_digits(*tasks))
        assert said in str(fault)
        assert fault.field == "tasks"
    assert not division_faults(of_digits(TaskChoice(), TaskChoice(labels="which half")))
    with pytest.raises(InvalidExperiment, match="would learn from images"):
        check_data(of_digits(TaskChoice(), OTHERWISE))


def test_files_that_either_task_left_out_are_written_down(folder: Path, other: Path, tmp_path: Path) -> None:
    data = [load(DatasetChoice(name="folder", path=str(one))) for one in (folder, other)]
    broken = [replace(one, skipped=(Skipped(f"class0/{number}.png", "empty file"),)) for number, one in enumerate(data)]
    keep_left_out(broken[0], tmp_path, broken[0], broken[1])
    assert left_out.read(tmp_path) == [
        ("class0/0.png", "empty file"), (f"{data[1].title}: class0/1.png", "empty file"),
    ]  # fmt: skip


def test_copies_between_two_sets_are_told_beside_the_task_that_is_tested_on_them(
    folder: Path, other: Path, tmp_path: Path
) -> None:
    """Half of the classes of the second set are the first set's own files; the first has a copy within."""
    second = tmp_path / "second"
    for kind in range(6):
        for number, file in enumerate(sorted(((folder if kind < 3 else other) / f"class{kind}").iterdir())):
            place = second / f"class{kind}" / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.open(file).save(place)
    for file in sorted((second / "class5").iterdir()):
        Image.open(file).save(file.with_name(f"again {file.name}"))
    task = TaskChoice(dataset=DatasetChoice(name="folder", path=str(second), split_seed=1))
    events = ran(given(folder, tasks=(TaskChoice(), task)), tmp_path / "run")
    told = {event.name: caveats(event.notes) for event in events if isinstance(event, Evaluated)}
    first, later = told[f"test/accuracy, {folder.name}"], told["test/accuracy, second"]
    assert any("“second” learns from" in words for words in first)
    assert any(f"“{folder.name}” learns from" in words for words in later)
    assert any("of training images" in words for words in later)
    assert not any("of training images" in words for words in first), "that is said of the other task's images"
    mean = " ".join(told["test/accuracy"])
    assert f"{folder.name}: " in mean
    assert "second: " in mean


def test_what_two_questions_of_the_same_images_share_is_said_once(folder: Path, tmp_path: Path) -> None:
    events: list[Event] = ran(given(folder, epochs=1), tmp_path)
    assert set(figures(events)) == {
        "test/accuracy", "test/accuracy, First half", "test/accuracy, Second half"
    }  # fmt: skip
    mean = next(event for event in events if isinstance(event, Evaluated))
    assert mean.notes["weights"] == "last epoch (1)"
    assert not caveats(mean.notes)


def test_only_what_can_be_asked_of_images_is_a_task() -> None:
    for name in ("point_mass", "sinusoid"):
        found = [
            fault.message for fault in problems(of_digits(TaskChoice(), TaskChoice(dataset=DatasetChoice(name=name))))
        ]
        assert any("does not read" in words for words in found), name


def test_halves_of_two_sets_are_two_lots_of_images(folder: Path, other: Path) -> None:
    """Each step reads both, so that it costs twice what a step on one lot does."""
    half = TaskChoice(labels="first half")
    both = (half, half.model_copy(update={"dataset": DatasetChoice(name="folder", path=str(other))}))
    assert not _sizes(given(folder, tasks=both))[2]
    assert _sizes(given(folder, tasks=(TaskChoice(), TaskChoice(labels="which half"))))[2]


def test_a_stage_of_one_task_goes_back_once(folder: Path) -> None:
    assert not estimate(given(folder, "pcgrad", order="one after the other")).remark
    assert "2 backward passes" in estimate(given(folder, "pcgrad", order="at once, then first")).remark


def test_few_labels_that_do_not_hold_for_other_images_are_told(folder: Path, other: Path) -> None:
    own = TaskChoice(dataset=DatasetChoice(name="folder", path=str(other)))
    several = given(folder, tasks=(TaskChoice(), own))
    few = several.model_copy(update={"dataset": several.dataset.model_copy(update={"labels_per_class": 2})})
    assert [one.text for one in unlimited(few)] == [
        f"2 labels per class are of the experiment's own images: “{other.name}” is not limited by it."
    ]
    assert not list(unlimited(several))
    assert not list(unlimited(few.model_copy(update={"tasks": ()})))
