"""What a fine-tuned run still knows of the run it started from: real runs on the processor, counted by hand."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch

from engine.artifacts.saved import SavedModel
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import DataError, InvalidExperiment
from engine.events import Evaluated, Metrics, Preparing, RunFailed, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.forgetting.afterwards import kept_of_source
from engine.forgetting.measured import SourceWatch, forgotten
from engine.forgetting.source import SourceRun, measured_images, read_source, spread
from engine.machine.places import VARIABLE
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.provenance.seen import FILE, NOTHING, learnt_from
from engine.tuning.material import read_material
from engine.tuning.timing import PhaseCost, _watched
from engine.tuning.training import Phase

T = TypeVar("T")
CPU = torch.device("cpu")
SOURCE = Experiment(
    dataset=DatasetChoice(name="digits", classes=4, labels_per_class=10, validation_per_class=5, part="source half"),
    method=MethodChoice(name="scratch", hyperparameters={"epochs": 3, "batch_size": 8, "learning_rate": 0.003}),
)
STILL = {"learning_rate": 1e-6, "batch_norm": "pretrained statistics", "weight_decay": 0.0}
NO_RATE = {block: {"rate": 0.0} for block in ("conv1", "conv2", "conv3", "conv4")}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of saved runs with the source in it."""
    folder = tmp_path_factory.mktemp("runs")
    assert isinstance(list(execute(SOURCE, folder / "source"))[-1], RunFinished)
    return folder


def target(method: str = "full_ft", kept: str = "each epoch", data: dict[str, Any] | None = None, **values: Any) -> Any:
    given = {"classes": 3, "labels_per_class": 4, "validation_per_class": 4, "split_seed": 1, "part": "target half"}
    return Experiment(
        dataset=DatasetChoice(name="digits", **(given | (data or {}))),
        backbone=BackboneChoice(name="conv4", weights="run:source", what_it_keeps=kept),
        method=MethodChoice(name=method, hyperparameters={"epochs": 2, "batch_size": 8, **values}),
    )


def worked(experiment: Experiment, folder: Path) -> list[Any]:
    events = list(execute(experiment, folder))
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


def curves(events: list[Any], name: str) -> list[tuple[int, float]]:
    return [(said.step, said.values[name]) for said in events if isinstance(said, Metrics) and name in said.values]


def figures(events: list[Any]) -> dict[str, Evaluated]:
    return {
        said.name: said
        for said in events
        if isinstance(said, Evaluated) and said.metric.startswith(("source/", "forgotten/"))
    }


def drained(reading: Generator[Preparing, None, T]) -> T:
    while True:
        try:
            next(reading)
        except StopIteration as end:
            found: T = end.value
            return found


def source_of(runs: Path, avoid: Any = NOTHING) -> SourceRun:
    return drained(read_source(BackboneChoice(weights="run:source"), runs, avoid, CPU))


def test_a_step_of_no_size_forgets_exactly_nothing(runs: Path) -> None:
    events = worked(target("linear_probe", layers=NO_RATE, **STILL), runs / "still")
    found = figures(events)
    for reader in ("old head", "fresh probe"):
        assert len({value for _, value in curves(events, f"source/{reader}")}) == 1
        lost = found[f"forgotten/{reader}"]
        assert lost.value == 0.0
        assert lost.low < 0 < lost.high


def test_every_epoch_and_the_start_are_measured(runs: Path) -> None:
    events = worked(target(learning_rate=0.01), runs / "moved")
    steps = [step for step, _ in curves(events, "val/loss")]
    for reader in ("old head", "fresh probe"):
        assert [step for step, _ in curves(events, f"source/{reader}")] == [0, *steps]
    assert [step for step, _ in curves(events, "val/accuracy")] == [0, *steps]
    assert set(figures(events)) == {
        "source/old head", "source/fresh probe", "forgotten/old head", "forgotten/fresh probe",
    }  # fmt: skip


def test_the_start_is_what_the_source_was_tested_with(runs: Path) -> None:
    events, source = worked(target(), runs / "begun"), source_of(runs)
    data = load(SOURCE.dataset)
    model = SavedModel.open(runs / "source")
    split = split_images(data, SOURCE.dataset, SOURCE.seed)
    told = model.predict(source.test.inputs[:]).argmax(1).numpy()
    right = (told == np.searchsorted(split.classes, data.labels[source.test.ids])).mean()
    assert curves(events, "source/old head")[0] == (0, pytest.approx(right))
    assert set(source.test.ids) <= set(split.test)


def test_names_that_the_source_learnt_exchanged_are_its_truth(tmp_path: Path) -> None:
    swapped = SOURCE.dataset.model_copy(update={"shift": Shift(kind="label shift", severity=5)})
    experiment = SOURCE.model_copy(update={"dataset": swapped})
    worked(experiment, tmp_path / "source")
    source, reading = source_of(tmp_path), read_material(experiment, CPU)
    own = drained(reading)
    for found, said in ((source.test, own.test), (source.probe, own.train)):
        truth = dict(zip(said.ids.tolist(), said.labels.tolist(), strict=True))
        assert found.labels.tolist() == [truth[image] for image in found.ids.tolist()]


def test_the_old_head_on_the_new_trunk_by_hand(runs: Path) -> None:
    events = worked(target(learning_rate=0.02, tested="last epoch"), runs / "far")
    source, new = source_of(runs), SavedModel.open(runs / "far")
    with torch.no_grad():
        features = new.network.embed(new.reader.prepared(source.test.inputs[:]))
        told = features @ source.network.head.weight.T + source.network.head.bias
    right = (told.argmax(1) == source.test.labels).float().mean()
    assert figures(events)["source/old head"].value == pytest.approx(float(right))
    before = float(curves(events, "source/old head")[0][1])
    assert figures(events)["forgotten/old head"].value == pytest.approx(before - float(right))


def test_what_it_costs_is_in_the_estimate(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source's images at each look, and its network beside the run's; no look where nothing moves."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    shutil.copytree(runs / "source", tmp_path / "runs" / "source")
    source = source_of(runs)
    images = len(source.test) + len(source.probe)
    assert measured_images(BackboneChoice(weights="run:source"), runs) == images
    seen, unseen = (estimate(target(kept=kept)) for kept in ("each epoch", "not measured"))
    assert seen.memory_bytes - unseen.memory_bytes == images * 28 * 28 + 4 * seen.parameters
    assert f"{images} examples of the run it starts from" in seen.remark
    assert not unseen.remark
    still = PhaseCost(2, 0.0, 1.0)
    assert _watched(still, Phase(0, 2, {"head": 1.0}), 5.0) == still
    assert _watched(still, Phase(0, 2, {"head": 1.0, "conv4": 1.0}), 5.0).epoch == 6.0


def test_measuring_changes_nothing_of_the_run(runs: Path) -> None:
    seen, unseen = (
        worked(target(kept=kept, learning_rate=0.01), runs / kept[:3]) for kept in ("each epoch", "not measured")
    )
    for name in ("train/loss", "val/loss"):
        assert curves(seen, name) == curves(unseen, name)
    assert not curves(unseen, "source/old head")
    assert target().configuration() == target(kept="not measured").configuration()
    assert target().group_hash() == target(kept="not measured").group_hash()
    assert "what_it_keeps" not in target(kept="not measured").model_dump_json()


@pytest.mark.parametrize("method", ["lp_ft", "l2_sp", "lora", "discriminative", "gradual"])
def test_every_recipe_is_measured(runs: Path, method: str) -> None:
    values = {"probe_epochs": 1} if method == "lp_ft" else {}
    events = worked(target(method, **values), runs / f"by {method}")
    kept = [value for _, value in curves(events, "source/old head")]
    assert len(kept) == 1 + len(curves(events, "val/loss"))
    if method == "lp_ft":  # while the head learns alone nothing is forgotten
        assert kept[1] == kept[0]


def test_images_that_either_run_learns_from_test_nothing(runs: Path) -> None:
    data, split = load(SOURCE.dataset), split_images(load(SOURCE.dataset), SOURCE.dataset, 0)
    learns = data.contents[split.test[:7]]
    source = source_of(runs, learns)
    assert source.avoided == 7
    assert not np.isin(data.contents[source.test.ids], learns).any()
    assert not np.isin(data.contents[source.test.ids], learnt_from(runs / "source")).any()
    assert "without 7 that this run learns from" in source.words
    with pytest.raises(DataError, match="No test example"):
        source_of(runs, data.contents[split.test])


def test_afterwards_too_whether_or_not_the_run_wrote_them_down(runs: Path) -> None:
    """A run of before runs wrote down what they learn from is read off its settings and the files as they are."""
    worked(target(data={"part": None, "classes": None, "labels_per_class": 20}), runs / "overlapping")
    written = kept_of_source(runs / "overlapping")
    assert "that this run learns from" in written[0].notes["test images of the source"]
    (runs / "overlapping" / FILE).unlink()
    assert kept_of_source(runs / "overlapping") == written


def test_a_sample_takes_every_class_as_evenly_as_it_can() -> None:
    data = load(DatasetChoice(name="digits"))
    ids = np.flatnonzero(data.labels < 4)
    some = spread(data, ids, 42)
    assert len(np.unique(some)) == 42
    assert sorted(np.bincount(data.labels[some])) == [10, 10, 11, 11]
    assert np.array_equal(some, spread(data, ids, 42))
    assert np.array_equal(spread(data, ids, 10_000), ids)


def test_points_lost_are_paired(runs: Path) -> None:
    watch = SourceWatch(source_of(runs))
    gone = type(watch.before)({reader: np.zeros_like(right) for reader, right in watch.before.right.items()})
    lost = forgotten(watch.before, gone, "old head")
    assert lost.value == pytest.approx(watch.before.values["source/old head"])
    assert lost.low > 0


def test_what_cannot_be_measured_is_said(runs: Path, tmp_path: Path) -> None:
    random = target().model_copy(update={"backbone": BackboneChoice(what_it_keeps="each epoch")})
    assert "saved run" in problems(random)[0].message
    assert "does not change" in problems(target("scratch"))[0].message
    headless = Experiment(
        dataset=SOURCE.dataset.model_copy(update={"labels_per_class": None}),
        method=MethodChoice(name="simclr", hyperparameters={"epochs": 1, "batch_size": 8}),
    )
    worked(headless, tmp_path / "source")
    last = list(execute(target(), tmp_path / "next"))[-1]
    assert isinstance(last, RunFailed)
    assert "no head that tells classes apart" in last.message
    with pytest.raises(InvalidExperiment):
        source_of(tmp_path)
