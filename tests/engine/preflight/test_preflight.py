"""What is said about the data before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.backbones import encoders
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.preflight.problems import problems
from engine.pretraining.language import LanguageMethod
from engine.pretraining.method import TextPretrainMethod
from engine.registry import methods


def said(method: str, **dataset: object) -> list[str]:
    wanted = Experiment(dataset=DatasetChoice.model_validate(dataset), method=MethodChoice(name=method))
    return [str(fault) for fault in problems(wanted) if fault.field == "dataset"]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"shift": Shift(kind="noise")}, "A shift"),
        ({"tested_on": (Shift(kind="blur"),)}, "Testing on shifts"),
        ({"part": "source half"}, "Half of the data"),
        ({"validation_per_class": 3}, "A number to validate"),
    ],
)
def test_what_episodes_have_no_place_for_is_refused(setting: dict[str, object], words: str) -> None:
    advice = "Take it away, or choose a fine-tuning method."
    assert said("protonet", **setting) == [f"{words} does not apply to meta-learning. {advice}"]
    assert said("scratch", **setting) == []


def test_mnist_needs_its_folder(tmp_path: Path) -> None:
    elsewhere = "MNIST is not on this machine. Download it (12 MB), or pick a folder or zip that holds it."
    assert said("scratch", name="mnist") == [elsewhere]
    assert said("scratch", name="mnist", path=str(tmp_path)) == []
    (gone,) = said("scratch", name="mnist", path=str(tmp_path / "gone"))
    assert gone.startswith("There is no folder or file at")


@pytest.mark.parametrize("method", ["full_ft", "lp_ft", "l2_sp", "setfit"])
def test_random_word_vectors_are_not_kept_beside_what_learns_from_them(method: str) -> None:
    def faults(weights: str, layers: dict[str, object]) -> list[str]:
        wanted = Experiment(
            dataset=DatasetChoice(name="clinc150"), backbone=BackboneChoice(name="minilm", weights=weights),
            method=MethodChoice(name=method, hyperparameters={"layers": layers}),
        )  # fmt: skip
        return [fault.message for fault in problems(wanted) if fault.field == "hyperparameters.layers"]

    kept = {"embeddings": {"rate": 0.0}}
    assert faults("random", kept) == ["The word vectors are random, and would stay so."]
    assert faults("random", {}) == faults("sentences", kept) == []


def test_what_asks_about_single_words_is_refused_before_the_start_on_networks_that_say_nothing_of_them() -> None:
    hub = encoders.HubEncoder("roberta", "{}", (("embeddings", 5), ("layer1", 7)), 4, 40, "abc")
    backbone = BackboneChoice(name=encoders.look_at(hub), weights="random")
    for kind in (one for one in methods() if issubclass(one, TextPretrainMethod)):
        values = {"word_vectors": "learnt"}
        wanted = Experiment(
            dataset=DatasetChoice(name="clinc150"), backbone=backbone,
            method=MethodChoice(name=kind.name, hyperparameters=values),
        )  # fmt: skip
        refused = [one for one in problems(wanted) if one.field == "backbone"]
        assert len(refused) == issubclass(kind, LanguageMethod)
