"""Options of episodes: within one group, fixed label slots, turns, a training way of its own, region folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.episode_splits import EpisodeShape, for_tasks, left_out_words, samplers
from engine.data.episodes import EpisodeSampler
from engine.data.preview import preview
from engine.data.sources import load, resolve
from engine.data.splits import split_classes, split_images
from engine.errors import InvalidExperiment
from engine.events import Notice
from engine.execute import execute
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from engine.provenance.noted import warnings
from tests.engine.data.conftest import picture

LABELS = np.repeat(np.arange(12), 9).astype(np.int64)
GROUPS = np.array([0] * 4 + [1] * 5 + [2] * 3)
GLYPHS = DatasetChoice(name="glyphs", classes=40)


def draws(sampler: EpisodeSampler, count: int = 200) -> list[tuple[list[int], list[int]]]:
    """(classes, turns) of many episodes."""
    rng = np.random.default_rng(1)
    found = [sampler.sample(rng) for _ in range(count)]
    return [(episode.classes.tolist(), episode.turns.tolist()) for episode in found]


def test_groups_that_are_too_small_are_left_out() -> None:
    sampler = EpisodeSampler(LABELS, np.arange(12), 4, 1, 1, groups=GROUPS)
    assert (sampler.groups, sampler.left_out) == (2, 1)
    seen = [set(GROUPS[classes].tolist()) for classes, _ in draws(sampler)]
    assert all(len(one) == 1 for one in seen)
    assert set().union(*seen) == {0, 1}


def test_turned_classes_fill_a_small_group() -> None:
    sampler = EpisodeSampler(LABELS, np.arange(12), 10, 1, 1, True, groups=GROUPS)
    assert sampler.left_out == 0
    for classes, turns in draws(sampler, 50):
        assert len(set(GROUPS[classes].tolist())) == 1
        assert len(set(zip(classes, turns, strict=True))) == 10


def test_a_class_keeps_its_label_slot() -> None:
    slots = np.arange(12)
    found = draws(EpisodeSampler(LABELS, np.arange(12), 3, 1, 1, slots=slots))
    assert all([one % 3 for one in classes] == [0, 1, 2] for classes, _ in found)
    assert {classes[1] for classes, _ in found} == {1, 4, 7, 10}
    shuffled = draws(EpisodeSampler(LABELS, np.arange(12), 3, 1, 1))
    assert {classes[1] for classes, _ in shuffled} == set(range(12))


def test_fixed_slots_need_a_class_for_each_label() -> None:
    with pytest.raises(InvalidExperiment, match="label slots of their own, but not one for each of 3 labels"):
        EpisodeSampler(LABELS, np.arange(12), 3, 1, 1, slots=np.zeros(12, dtype=np.int64))


def test_rotations_on_and_off() -> None:
    data = load(GLYPHS)
    count = len(split_classes(data, GLYPHS).train)
    shapes = {turned: EpisodeShape(5, 1, 5, 8, 1, rotations=turned) for turned in ("as the data says", "on", "off")}  # type: ignore[arg-type]
    found = {turned: samplers(data, GLYPHS, shape) for turned, shape in shapes.items()}
    assert [one.train.choices for one in found.values()] == [4 * count, 4 * count, count]
    assert not any(one.test.rotations for one in found.values())
    assert found["on"].train.way == 8
    assert found["on"].test.way == 5


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (EpisodeShape(11, 1, 5, 5, 1), "11-way validation episodes need 11 classes, but there are 6 validation"),
        (EpisodeShape(5, 1, 5, 97, 1, rotations="off"), "97-way training episodes need 97 classes, but there are 24"),
        (EpisodeShape(5, 20, 15, 5, 1), "are 35 per class, but the smallest validation class has 30. "
         "Use at most 30 examples per class in all, for instance 20 support and 10 query."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(shape: EpisodeShape, said: str) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        samplers(load(GLYPHS), GLYPHS, shape)
    assert said in str(caught.value)


def test_a_class_too_small_for_an_episode_is_left_out_and_named(tmp_path: Path) -> None:
    """Of 8 training classes one has 2 images and one has 4, where an episode takes 6."""
    for number in range(20):
        for part in ("train", "val", "test"):
            if number < {"train": 8, "val": 2, "test": 3}[part]:
                (folder := tmp_path / "few" / part / f"{part}{number}").mkdir(parents=True)
                for image in range({0: 2, 1: 4}.get(number, 6) if part == "train" else 6):
                    picture(image, mode="L").save(folder / f"{image}.png")
    choice = resolve(tmp_path / "few")
    data = load(choice)
    found = samplers(data, choice, EpisodeShape(2, 1, 5, 5, 1, slots="fixed"))
    assert [data.class_names[one] for one in found.train.small] == ["train0", "train1"]
    assert (
        left_out_words(data, found) == "Too few examples for an episode: 2 of 8 training classes (“train0”, “train1”)"
    )
    for classes, _ in draws(found.train, 50):
        assert not set(classes) & set(found.train.small.tolist())
    with pytest.raises(
        InvalidExperiment, match=r"only 6 of 8 training classes have as many\. Use at most 4 examples per"
    ):
        samplers(data, choice, EpisodeShape(2, 1, 5, 7, 1))
    asked = Experiment(
        dataset=choice,
        method=MethodChoice(name="protonet", hyperparameters={
            "way": 2, "training_way": 5, "shot": 1, "query": 5, "steps": 1, "test_episodes": 10,
        }),
    )  # fmt: skip
    words = "Too few examples for an episode: 2 of 8 training classes (“train0”, “train1”)."
    assert words in warnings(asked, tmp_path)
    assert words in [event.text for event in execute(asked, tmp_path / "run") if isinstance(event, Notice)]


def test_data_without_groups_has_none_to_stay_in() -> None:
    with pytest.raises(InvalidExperiment, match="Glyphs has no alphabets or regions"):
        samplers(load(GLYPHS), GLYPHS, EpisodeShape(5, 1, 5, 5, 1, within="one group"))


def make_regions(folder: Path, **missing: str) -> Path:
    """Five regions of three covers with six images each; missing: region -> a cover that it has not."""
    for place, region in enumerate(("alps", "coast", "delta", "plain", "steppe")):
        for number, cover in enumerate(("crops", "forest", "water")):
            if missing.get(region) == cover:
                continue
            (folder / region / cover).mkdir(parents=True)
            for shot in range(6):
                picture(100 * place + 10 * number + shot).save(folder / region / cover / f"{shot}.png")
    return folder


def test_region_folders(tmp_path: Path) -> None:
    choice = resolve(make_regions(tmp_path / "land"))
    data = load(choice)
    assert data.class_names == ("alps", "coast", "delta", "plain", "steppe")  # to fine-tuning, as before
    assert len(split_images(data, choice, 0).classes) == 5
    inner = for_tasks(data, choice)
    assert inner.class_names[:4] == ("alps, crops", "alps, forest", "alps, water", "coast, crops")
    assert inner.kinds is not None
    assert inner.kinds[:3] == ("crops", "forest", "water")
    assert all(
        data.image_name(index).startswith(inner.class_names[label].replace(", ", "/"))
        for index, label in enumerate(inner.labels)
    )
    split = split_classes(inner, choice)
    assert split.description == "by region, 3/1/1 regions, none shared"
    assert preview(choice, meta=True).sentence == "90 images, 5 regions, 3 classes"
    assert for_tasks(data, choice.model_copy(update={"split": "random-classes"})) is data


def test_a_region_with_too_few_classes_is_left_out_and_counted(tmp_path: Path) -> None:
    choice = resolve(make_regions(tmp_path / "land", plain="water", alps="crops", delta="water"))
    data = for_tasks(load(choice), choice)
    homes = np.array(data.alphabets)
    split = split_classes(data, choice)
    small = {"plain", "alps", "delta"}
    left = len(small & set(homes[split.train].tolist()))
    if left == 3 or small & {*homes[split.test], *homes[split.validation]}:
        with pytest.raises(InvalidExperiment, match="Use at most 2-way episodes"):
            samplers(data, choice, EpisodeShape(3, 1, 2, 3, 1))
    found = samplers(data, choice, EpisodeShape(2, 1, 2, 3, 1))
    assert found.train.left_out == left
    total = len(set(homes[split.train].tolist()))
    words = f"Too few classes or examples for an episode: {left} of {total} training regions"
    assert left_out_words(data, found) == (words if left else "")


def test_class_folders_with_folders_inside_are_no_regions(tmp_path: Path) -> None:
    for name in ("cat", "dog", "cow"):
        for inner in ("train", "val"):
            (tmp_path / "pets" / name / inner).mkdir(parents=True)
            picture(1).save(tmp_path / "pets" / name / inner / "0.png")
    assert load(resolve(tmp_path / "pets")).of_regions is None
