"""Every start is scored on the same images, its source head asked where it has one, and a fault stops no other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.advice.adviser import Score
from engine.advice.starts import StartingPoint, StartScores, start_scores
from engine.advice.transfer_scores import sampled, transfer_scores
from engine.artifacts.source_head import source_head
from engine.artifacts.weights import build_backbone
from engine.bench.features import FeatureKind, answered
from engine.data.sources import load
from engine.events import Preparing
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.transferability.table import KINDS, KNN

DIGITS, GLYPHS = DatasetChoice(name="digits"), DatasetChoice(name="glyphs", classes=5)


@pytest.fixture(autouse=True)
def bundled_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("engine.backbones.catalog.find_spec", lambda name: None)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def saved(runs: Path, uid: str, data: DatasetChoice, method: str = "scratch") -> StartingPoint:
    """A short run on `data`, as a start."""
    experiment = Experiment(dataset=data, method=MethodChoice(name=method, hyperparameters={"epochs": 1}))
    assert list(execute(experiment, runs / uid))
    return StartingPoint(BackboneChoice(name="conv4", weights=f"run:{uid}"), f"Run {uid}", 1)


def scored(choice: DatasetChoice, runs: Path, own: Sequence[StartingPoint] = ()) -> list[StartScores]:
    return [said for said in start_scores(choice, runs, own) if isinstance(said, StartScores)]


def test_the_nearest_neighbours_are_the_advisers_own(runs: Path) -> None:
    found = {one.start.title: one for one in scored(GLYPHS, runs)}
    asked = [one for one in transfer_scores(GLYPHS, runs) if isinstance(one, Score) and one.weights]
    assert {one.title: one.accuracy for one in asked} == {title: one.values[KNN] for title, one in found.items()}
    assert len(found) == 3
    for one in found.values():
        assert set(one.values) == {kind.name for kind in KINDS if not kind.source}  # bundled weights have no head
        assert (one.fault, one.images > 50) == ("", True)


def test_a_run_on_other_images_is_asked_by_its_own_head(runs: Path) -> None:
    own = [saved(runs, "glyphs", GLYPHS), saved(runs, "digits", DIGITS)]
    found = {one.start.title: one.values for one in scored(DIGITS, runs, own)}
    assert "Run digits" not in found  # it has learnt from these images
    assert set(found["Run glyphs"]) == {kind.name for kind in KINDS}
    assert found["Run glyphs"]["leep"] <= 0
    assert found["Run glyphs"]["nce"] <= 0


def test_a_start_that_cannot_be_had_stops_no_other(runs: Path) -> None:
    gone = saved(runs, "glyphs", GLYPHS)
    for file in (runs / "glyphs").glob("*.safetensors"):
        file.unlink()
    found = scored(DIGITS, runs, [gone])
    assert "are gone" in found[-1].fault
    assert not found[-1].values
    assert all(one.values for one in found[:-1])


def test_nothing_is_known_of_runs_whose_past_is_not(runs: Path) -> None:
    own = saved(runs, "glyphs", GLYPHS)
    file = runs / "glyphs" / "trained_on.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"unknown": "why"}), encoding="utf-8")
    assert own not in [one.start for one in scored(DIGITS, runs, [own])]


def test_it_can_be_given_up_between_two_steps(runs: Path) -> None:
    scoring = start_scores(DIGITS, runs)
    assert isinstance(next(scoring), Preparing)
    assert isinstance(scoring, Iterator)
    scoring.close()
    assert next(scoring, None) is None


def test_a_head_answers_with_probabilities_and_once(runs: Path) -> None:
    start = saved(runs, "glyphs", GLYPHS)
    data, ids = sampled(DIGITS)
    kind = FeatureKind.of(Experiment(backbone=start.choice), runs)
    found = drained(answered(data, ids[:70], kind))
    assert found is not None
    assert (found.shape, found.dtype) == ((70, 5), np.float32)
    assert found.sum(1) == pytest.approx(np.ones(70), abs=1e-5)
    model = build_backbone(start.choice, 5, 0, runs)
    model.load_state_dict(dict(torch_state(runs / "glyphs")))
    pixels = torch.from_numpy(data.pixels(ids[:70], 28, 1).transpose(0, 3, 1, 2) / 255.0).float()
    with torch.no_grad():
        assert found == pytest.approx(model.eval()(pixels).softmax(1).numpy(), abs=1e-5)
    assert list(answered(data, ids[:70], kind)) == []  # kept


def torch_state(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(
        next(file for file in (folder / "best.safetensors", folder / "last.safetensors") if file.is_file())
    )


def drained(work: Iterator[Preparing]) -> np.ndarray | None:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_heads_whose_outputs_mean_nothing_are_not_asked(runs: Path) -> None:
    """Of bundled and random weights there is none; a meta-learner's tasks had other classes every time."""
    assert source_head(BackboneChoice(name="conv4", weights="omniglot-supervised"), runs) is None
    assert source_head(BackboneChoice(name="conv4", weights="random"), runs) is None
    data = load(DIGITS)
    kind = FeatureKind.of(Experiment(backbone=BackboneChoice(name="conv4", weights="omniglot-protonet")), runs)
    assert drained(answered(data, np.arange(4), kind)) is None
