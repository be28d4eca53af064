"""Raw pixels alone: a bench that asks no network, on the images, labels and draws of every other method."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from engine.bench.cost import bench_cost
from engine.bench.features import FeatureKind, as_they_are
from engine.bench.figures import figures
from engine.comparison.arms import arm, disagreements
from engine.data.sources import load
from engine.data.splits import split_images
from engine.events import Evaluated, Event, Preparing, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.heads.head import standardiser
from engine.heads.logistic import USUAL
from engine.heads.raw_pixels import RawPixels
from engine.preflight.problems import problems
from engine.registry import complete, with_method


def pixels(labels: int | None = 1, **given: object) -> Experiment:
    values = {"heads": RawPixels.title, "repeats": 1}
    return Experiment(
        dataset=DatasetChoice(name="digits", classes=3, labels_per_class=labels, **given),  # type: ignore[arg-type]
        backbone=BackboneChoice(weights="random"), method=MethodChoice(name="head_bench", hyperparameters=values),
    )  # fmt: skip


def drained(steps: Generator[Preparing, None, np.ndarray]) -> np.ndarray:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return np.asarray(end.value)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.bench.features.build_backbone", None)
    monkeypatch.setattr("engine.bench.cost.Timing", None)


def figure(events: list[Event]) -> Evaluated:
    assert isinstance(events[-1], RunFinished), events[-1]
    return next(one for one in events if isinstance(one, Evaluated))


@pytest.mark.usefixtures("no_network")
def test_its_figure_is_that_of_logistic_regression_on_the_very_pixels(tmp_path: Path) -> None:
    given = pixels()
    assert problems(given) == []
    events = list(execute(given, tmp_path / "run"))
    data = load(given.dataset)
    split = split_images(data, given.dataset, given.seed)
    learnt, asked = (
        data.pixels(ids, 28, 1).reshape(len(ids), -1).astype(np.float32) / 255 for ids in (split.train, split.test)
    )
    prepare = standardiser(learnt)
    twice, labels = np.tile(prepare(learnt), (2, 1)), np.tile(data.labels[split.train], 2)
    said = LogisticRegression(C=USUAL / 2, max_iter=5000).fit(twice, labels).predict(prepare(asked))
    assert figure(events).value == pytest.approx(float((said == data.labels[split.test]).mean()), abs=0.006)
    assert {one.head for one in figures(one for one in events if isinstance(one, Evaluated))} == {RawPixels.title}


@pytest.mark.usefixtures("no_network")
def test_what_was_learnt_from_is_said(tmp_path: Path) -> None:
    events = list(execute(pixels(2, tested_on=(Shift(kind="inversion"),)), tmp_path / "run"))
    assert figure(events).protocol["weights"] == "none: the pixels themselves, at most 32 on a side"
    assert "parameters" not in next(one for one in events if isinstance(one, RunStarted)).facts
    assert not [one.text for one in events if isinstance(one, Preparing) and "backbone" in one.text]
    shifted = next(one for one in events if isinstance(one, Evaluated) and one.name.endswith("inversion"))
    assert shifted.value != figure(events).value


def test_it_stands_beside_a_probe_on_the_same_images(tmp_path: Path) -> None:
    given = pixels(2)
    method = MethodChoice(name="linear_probe", hyperparameters={"epochs": 1})
    probe = given.model_copy(update={"method": method})
    raw, other = (figure(list(execute(one, tmp_path / one.method.name))) for one in (given, probe))
    assert np.array_equal(raw.ids, other.ids)
    assert disagreements(arm("raw", [(given, raw)]), arm("probe", [(probe, other)])) == []


@pytest.mark.usefixtures("no_network")
def test_its_cost_is_told_without_a_network() -> None:
    given, method = with_method(pixels(None))
    found = bench_cost(given, method)  # type: ignore[arg-type]
    assert found.parameters == found.trainable == (28 * 28 + 1) * 3
    assert "No network" in found.remark
    assert 0 < found.seconds < 600


def test_the_weights_of_the_network_make_no_difference(tmp_path: Path) -> None:
    data, ids = load(DatasetChoice(name="digits")), np.array([5, 0, 17])
    kinds = [
        FeatureKind(BackboneChoice(weights=weights), tmp_path / weights / "runs", seed)
        for weights, seed in (("random", 0), ("random", 1), ("omniglot-supervised", 0))
    ]
    found = [drained(as_they_are(data, ids, kind)) for kind in kinds]
    assert all(np.array_equal(one, found[0]) for one in found)
    assert found[0].min() >= 0
    assert found[0].max() <= 1
    files = [sorted(file.name for file in (tmp_path / one.runs.parent.name / "cache" / "features").iterdir())
             for one in kinds]  # fmt: skip
    assert len({tuple(names) for names in files}) == 1


@pytest.mark.parametrize(
    ("data", "head", "sentence"),
    [
        ("clinc150", RawPixels.title, "Pixels are of images, and these are texts."),
        ("digits", "Counted words, no network", "Words are counted in texts, and these are images."),
    ],
)
def test_data_of_another_kind_are_refused_in_a_sentence(data: str, head: str, sentence: str) -> None:
    backbone = BackboneChoice(name="text_bilstm" if data == "clinc150" else "conv4")
    method = MethodChoice(name="head_bench", hyperparameters={"heads": head})
    (fault,) = problems(Experiment(dataset=DatasetChoice(name=data), backbone=backbone, method=method))
    assert (fault.message, fault.field) == (sentence, "hyperparameters.heads")


def test_a_bench_of_before_keeps_its_hash() -> None:
    """As it was in 0.16, given in few words and in full."""
    given = Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=2),
        backbone=BackboneChoice(weights="omniglot-supervised"), method=MethodChoice(name="head_bench"),
    )  # fmt: skip
    assert (given.digest(), complete(given).digest()) == ("3b3568133f", "37452d5878")
