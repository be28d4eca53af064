"""What a run's weights are worth: a study from the run that holds what must stand beside them, and can be run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidExperiment
from engine.events import Evaluated, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.method import ENCODERS, Method
from engine.preflight.problems import problems
from engine.registry import method, methods
from engine.studies.cells import cells
from engine.studies.study import parse_study
from engine.studies.worth import LABELS, started_from, worth_of

DIGITS = DatasetChoice(name="digits", classes=3)
ROTATION = MethodChoice(name="rotation", hyperparameters={"epochs": 1, "batch_size": 64})


def pretrained(weights: str = "random") -> Experiment:
    return Experiment(dataset=DIGITS, backbone=BackboneChoice(name="conv4", weights=weights), method=ROTATION)


def test_every_start_stands_frozen_and_trained_at_every_label_count() -> None:
    study = worth_of(pretrained(), "abc")
    starts = [arm.backbone.weights for arm in study.arms]
    assert starts[:4] == ["run:abc", "run:abc", "random", "random"]
    assert {"omniglot-supervised", "omniglot-protonet"} <= set(starts)
    assert all(starts.count(one) == (3 if one == "random" else 2) for one in starts)
    assert [arm.method.name for arm in study.arms[:4]] == ["linear_probe", "lp_ft", "linear_probe", "scratch"]
    assert study.labels == LABELS
    assert parse_study(study.model_dump()) == study
    assert all(problems(cell.experiment) == [] for cell in cells(study))


@pytest.mark.parametrize(
    "kind", [one for one in methods() if one.family in ("pretrain", "finetune")], ids=lambda kind: kind.name
)
def test_beside_every_run_stands_what_needs_no_network(kind: type[Method]) -> None:
    """Pixels or counted words, at every label count, with the same draws and test examples as the other arms."""
    data, network = (DatasetChoice(name="clinc150", classes=3), "text_transformer")
    given = pretrained().model_copy(update={"method": MethodChoice(name=kind.name)})
    for one, head in ((given, "Raw pixels"), (given.model_copy(update={
        "dataset": data, "backbone": BackboneChoice(name=network)}), "Counted words")):  # fmt: skip
        study = worth_of(one, "abc")
        assert head.lower() in study.description
        (place,) = [place for place, arm in enumerate(study.arms) if arm.title == head]
        own, others = ([cell for cell in cells(study) if (cell.arm == place) == alone] for alone in (True, False))
        assert [cell.labels for cell in own] == [*LABELS] * len(study.seeds)
        same = {(cell.experiment.dataset, cell.experiment.seed) for cell in own}
        assert same == {(cell.experiment.dataset, cell.experiment.seed) for cell in others}
        assert {cell.experiment.backbone.weights for cell in own} == {"random"}
        assert [fault for cell in own for fault in problems(cell.experiment)] == []


def test_where_it_began_stands_beside_it_whatever_that_was() -> None:
    for weights in ("omniglot-supervised", "run:before"):
        study = worth_of(pretrained(weights), "abc")
        assert weights in [arm.backbone.weights for arm in study.arms]
        assert len({arm.title for arm in study.arms}) == len(study.arms)


def test_the_test_images_are_those_that_the_run_never_met(tmp_path: Path) -> None:
    """One cell of it, from the weights of a real run."""
    given = pretrained().model_copy(update={"dataset": DIGITS.model_copy(update={"split_seed": 3})})
    assert isinstance(list(execute(given, tmp_path / "r1"))[-1], RunFinished)
    study = worth_of(given, "r1")
    assert {cell.experiment.dataset.split_seed for cell in cells(study)} == {3}
    one = next(cell for cell in cells(study) if cell.experiment.backbone.weights == "run:r1" and cell.labels == 1)
    short = one.experiment.model_copy(
        update={"method": MethodChoice(name="linear_probe", hyperparameters={"epochs": 1})}
    )
    events = list(execute(short, tmp_path / "r2"))
    assert isinstance(events[-1], RunFinished), events[-1]
    assert next(event for event in events if isinstance(event, Evaluated)).metric == "test/accuracy"


def test_images_without_labels_are_a_sentence(tmp_path: Path) -> None:
    given = pretrained().model_copy(update={"dataset": DatasetChoice(name="unlabelled", path=str(tmp_path))})
    with pytest.raises(InvalidExperiment, match="no labels"):
        worth_of(given, "abc")
    assert started_from(given, "abc").dataset == DatasetChoice()


@pytest.mark.parametrize("family", ["pretrain", "finetune", "meta"])
def test_an_experiment_from_its_weights_may_start(family: str) -> None:
    """Whatever kind of run it was, and however its images were divided."""
    kind = next(one for one in methods() if one.family == family and "classification" in one.suits)
    split = "random-classes" if family == "meta" else None
    given = Experiment(
        dataset=DatasetChoice(name="glyphs", split=split), backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name=kind.name), seed=4,
    )  # fmt: skip
    begun = started_from(given, "abc")
    assert begun.backbone.weights == "run:abc"
    assert problems(begun) == []


def test_a_run_that_learnt_from_labels_is_said_to_have() -> None:
    supervised = pretrained().model_copy(update={"method": MethodChoice(name="supcon")})
    assert "all labels" in worth_of(supervised, "abc").description
    assert "all labels" not in worth_of(pretrained(), "abc").description


def test_a_pretrained_encoder_of_texts_is_trained_with_what_is_usual_of_one() -> None:
    """As the form and the terminal do; random weights learn as any network from nothing."""
    backbone = BackboneChoice(name="minilm", weights="sentences")
    given = Experiment(
        dataset=DatasetChoice(name="clinc150"), backbone=backbone, method=MethodChoice(name="masked_words")
    )
    usual = dict(method("lp_ft").presets[ENCODERS])
    arms = {(arm.method.name, arm.backbone.weights): arm.method.hyperparameters for arm in worth_of(given, "abc").arms}
    assert arms["lp_ft", "run:abc"] == arms["lp_ft", "sentences"] == usual
    assert arms["scratch", "random"] == {}
    assert started_from(given, "abc").method == MethodChoice(name="lp_ft", hyperparameters=usual)
