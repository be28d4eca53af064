"""What methods begin with on a network that was pretrained on texts: word pieces stay, a warm-up, small steps."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backbones import catalog
from engine.data.dataset import TEXTS_START
from engine.data.episode_splits import EpisodeShape, Within, samplers
from engine.data.sets.clinc150 import load_clinc150
from engine.data.sources import dataset
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.layers import HEAD, WORD_PIECES
from engine.method import ENCODERS
from engine.preflight.cost import estimate
from engine.registry import build_method, followed, method, methods, usual_values
from engine.tuning.method import FineTuneMethod

TUNED = [
    kind for kind in methods()
    if issubclass(kind, FineTuneMethod) and kind.uses_pretrained and kind.from_values({}).stages()
]  # fmt: skip
MINILM = BackboneChoice(name="minilm", weights="sentences")
BLOCKS = catalog.backbone("minilm").block_names


@pytest.mark.parametrize("kind", TUNED, ids=lambda kind: kind.name)
def test_a_new_head_learns_and_the_table_of_word_pieces_does_not(kind: type[FineTuneMethod]) -> None:
    values = usual_values(TEXTS_START, kind.name, MINILM)
    made = kind.from_values(values)
    table = made.table(BLOCKS)
    assert table[WORD_PIECES].rate == 0
    assert table[HEAD].rate > 0
    if kind.name == "linear_probe":  # it trains the head alone
        return
    assert any(table[name].rate > 0 for name in BLOCKS[1:-1])
    assert made.hyperparameters.schedule == "slanted triangular"
    assert made.hyperparameters.batch_size == 16
    peaks = [rate for epoch in range(made.epochs) for name, rate in made.groups(BLOCKS, epoch).items() if name != HEAD]
    assert 2e-5 <= max(peaks) <= 1e-3


def test_the_last_two_layers_and_the_head_at_ten_times_their_rate() -> None:
    made = method("surgical").from_values(usual_values(TEXTS_START, "surgical", MINILM))
    assert made.groups(BLOCKS, 0) == {"layer5": 1e-4, "layer6": 1e-4, HEAD: 1e-3}


def test_values_follow_what_is_usual_but_for_a_person_s_own() -> None:
    before, now = {"rate": 1, "epochs": 5, "layers": {"a": {"rate": 0}, "b": {"rate": 2}}}, {"rate": 3, "layers": {}}
    assert followed(before, before, now) == now
    own = {"rate": 1, "epochs": 7, "layers": {"b": {"rate": 4}}}
    assert followed(own, before, now) == {"rate": 3, "epochs": 7, "layers": {"b": {"rate": 4}}}
    assert followed(own, before, before)["layers"] == {"b": {"rate": 4}}  # and a change taken back does not return
    assert followed({}, {}, before) == before


def test_networks_that_learn_texts_from_nothing_begin_as_others_do() -> None:
    assert [catalog.backbone(name).is_encoder for name in ("minilm", "text_transformer", "text_bilstm", "conv4")] == [
        True, False, False, False,
    ]  # fmt: skip
    begun = [("minilm", "random"), ("text_transformer", "run:abc"), ("no such network", "sentences")]
    for name, weights in begun:
        assert usual_values(TEXTS_START, "full_ft", BackboneChoice(name=name, weights=weights)) == {}
    assert ENCODERS not in method("scratch").presets


@pytest.mark.parametrize("name", ["masked_words", "next_word", "text_contrast"])
def test_questions_to_texts_go_on_gently_from_an_encoder_of_sentences_alone(name: str) -> None:
    """As it is measured: next word at 3e-5 cost MiniLM 4 points on CLINC150."""

    def rate(network: BackboneChoice) -> float:
        chosen = MethodChoice(name=name, hyperparameters=usual_values(TEXTS_START, name, network))
        given = Experiment(dataset=DatasetChoice(name="clinc150"), backbone=network, method=chosen)
        return float(build_method(given).hyperparameters.learning_rate)

    assert rate(MINILM) == pytest.approx(3e-6)
    assert rate(BackboneChoice(name="minilm", weights="random")) == pytest.approx(1e-3)
    own = rate(BackboneChoice(name="text_transformer", weights="run:abc"))
    assert own == pytest.approx(3e-6 if name == "text_contrast" else 3e-5)


def test_what_a_network_of_texts_has_not_is_said_before_the_start() -> None:
    given = Experiment(
        dataset=DatasetChoice(name="clinc150", classes=2, labels_per_class=2),
        backbone=BackboneChoice(name="text_bilstm"),
        method=MethodChoice(name="bitfit", hyperparameters={"which": "norms"}),
    )
    with pytest.raises(InvalidExperiment, match="no normalisation layers to train"):
        estimate(given)
    lora = MethodChoice(name="lora", hyperparameters={"epochs": 1})
    cost = estimate(given.model_copy(update={"method": lora}))
    assert 0 < cost.trainable < cost.parameters


def test_word_pieces_that_stay_are_most_of_what_a_step_took() -> None:
    """Of MiniLM's 22.6 million weights 10.6 learn, and one pass of LP-FT over 300 texts is 19 steps."""
    values = usual_values(TEXTS_START, "lp_ft", MINILM)
    given = Experiment(
        dataset=DatasetChoice(name="clinc150", classes=30, labels_per_class=10, validation_per_class=1),
        backbone=BackboneChoice(name="minilm"), method=MethodChoice(name="lp_ft", hyperparameters=values),
    )  # fmt: skip
    cost = estimate(given)
    assert cost.trainable == 6 * 1_774_464 + 385 * 30
    assert cost.steps == (1 + 10) * 19  # the head is fitted to the end and looked at once


@pytest.mark.parametrize("within", ["any classes", "one group"])
def test_episodes_of_clinc150_fit_as_they_begin_and_five_classes_of_one_domain_in_each(within: Within) -> None:
    """20 of 150 classes at once are drawn from new classes; and 5 of one domain where each domain is divided, with no
    class in two parts."""
    data, begun = load_clinc150(), usual_values(dataset("clinc150").start, "protonet", MINILM)
    assert begun == {"way": 20, "learning_rate": 1e-4}  # at 1e-3 MiniLM forgets
    assert usual_values(TEXTS_START, "protonet", BackboneChoice(name="conv4", weights="omniglot-supervised")) == {}
    assert usual_values(dataset("clinc150").start, "lp_ft", MINILM) == dict(method("lp_ft").presets[ENCODERS])
    choice = DatasetChoice(name="clinc150", split="in-each-group" if within == "one group" else None)
    way = 5 if within == "one group" else begun["way"]
    found = samplers(data, choice, EpisodeShape(way, 1, 5, way, 1, within))
    assert data.alphabets is not None
    for sampler in (found.train, found.validation, found.test):
        domains = {data.alphabets[place] for place in sampler.sample(np.random.default_rng(0)).classes}
        assert (len(domains) == 1) == (within == "one group")
        assert sampler.groups == (10 if within == "one group" else 1)
    parts = [set(one.tolist()) for one in (found.split.train, found.split.validation, found.split.test)]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 150


def test_within_one_domain_says_how_to_divide_where_random_classes_are_too_few() -> None:
    with pytest.raises(InvalidExperiment, match="domain") as refused:
        samplers(load_clinc150(), DatasetChoice(name="clinc150"), EpisodeShape(12, 1, 5, 5, 1, "one group"))
    assert "divide the data by whole groups or in each" in refused.value.advice
