"""Next words: the loss by hand, nothing that comes later is seen, and what is written on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.backbones.bert import BertLayer, BertShape, reading_forwards
from engine.backbones.networks import random_backbone
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.preparation.inputs import Pieces
from engine.pretraining import following
from engine.pretraining.following import NextWord
from engine.pretraining.method import PretrainMethod
from engine.pretraining.pool import Pool
from engine.pretraining.wording import states_of
from engine.registry import method
from engine.texts.tokens import tokens
from engine.texts.words import NUMBERS

SHAPE = Pieces(16, "words")
WORDS = ("the rain falls", "the sun", "the rain the wind")  # rain, falls, sun, rain, the, wind follow another
POOL = Pool(images=64, size=16, channels=1, background=0, batch=8, tokenizer="words", texts=WORDS)
ENTROPY = -(2 / 6 * math.log(2 / 6) + 4 * (1 / 6) * math.log(1 / 6))


@pytest.fixture
def reads() -> Backbone:
    torch.manual_seed(0)
    return random_backbone("text_transformer", None)


def rows(texts: Sequence[str]) -> Tensor:
    return torch.from_numpy(tokens("words", texts, 16))


def draws() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def silent(own: NextWord) -> None:
    """A head that says the same after every word."""
    norm = own.head[2]
    assert isinstance(norm, nn.LayerNorm)
    nn.init.zeros_(norm.weight)


@pytest.mark.anchors("next_word")
def test_next_word_by_hand(reads: Backbone) -> None:
    """Who knows nothing is left with the logarithm of the vocabulary; who knows how frequent each word is that follows
    another, 2 of 6 times "rain", with the entropy of these; who knows that "wind" comes always, with nothing where it
    does."""
    own = NextWord(reads, POOL)
    silent(own)
    assert float(own.told(reads, SHAPE, rows(WORDS), draws())["loss"].detach()) == pytest.approx(
        math.log(NUMBERS), abs=1e-5
    )
    follow = [int(row) for text in rows(WORDS) for row in text[1:] if row]
    counts = torch.bincount(torch.tensor(follow), minlength=NUMBERS)
    assert sorted(counts[counts > 0].tolist()) == [1, 1, 1, 1, 2]
    own.bias.data = (counts / 6).clamp_min(1e-12).log()
    told = own.told(reads, SHAPE, rows(WORDS), draws())
    assert float(told["loss"].detach()) == pytest.approx(ENTROPY, abs=1e-5)
    assert float(told["perplexity"]) == pytest.approx(math.exp(ENTROPY), abs=1e-4)
    assert float(told["accuracy"]) == pytest.approx(2 / 6)
    with torch.no_grad():
        apart = own.measured(reads, SHAPE, iter([rows(WORDS[:1]), rows(WORDS[1:])]), draws())
    assert float(apart["loss"]) == pytest.approx(ENTROPY, abs=1e-5)
    (chosen,) = [method("next_word").from_values({})]
    assert isinstance(chosen, PretrainMethod)
    assert chosen.collapsed(POOL) == pytest.approx(ENTROPY, abs=1e-12)
    assert chosen.ignorant(POOL) == pytest.approx(math.log(NUMBERS), abs=1e-12)
    own.bias.data = torch.full((NUMBERS,), -1e4)
    own.bias.data[follow[-1]] = 0.0
    only = own.told(reads, SHAPE, rows(["the wind"]), draws())
    assert float(only["loss"].detach()) == pytest.approx(0.0, abs=1e-5)


def test_nothing_that_comes_later_is_seen(reads: Backbone) -> None:
    """Another word changes no answer before it and those after it; the network reads both ways otherwise, and again
    afterwards."""
    own = NextWord(reads, POOL)
    pieces = torch.randint(1, NUMBERS, (5, 12), generator=torch.Generator().manual_seed(1))
    pieces[3, 7:] = 0
    pieces[4] = 0
    before = reads.eval().embed(pieces).detach()

    def answers(given: Tensor) -> Tensor:
        with reading_forwards(reads):
            return own.logits(reads, states_of(reads, given)).detach()

    whole = answers(pieces)
    assert whole.isfinite().all()
    for place in (0, 4, 11):
        other = pieces.clone()
        other[:3, place] = other[:3, place] % (NUMBERS - 1) + 1
        changed = answers(other)
        assert torch.allclose(changed[:, :place], whole[:, :place], atol=1e-5)
        assert ((changed[:3, place:] - whole[:3, place:]).abs().amax(-1) > 1e-4).all()
    wide = torch.nn.functional.pad(pieces, (0, 3))
    assert torch.allclose(answers(wide)[:, :12][pieces != 0], whole[pieces != 0], atol=1e-5)
    assert torch.equal(reads.embed(pieces), before)
    other = pieces.clone()
    other[:, 11] = 7
    assert not torch.allclose(states_of(reads, other)[0, :11], states_of(reads, pieces)[0, :11], atol=1e-4)


def test_attention_forwards_has_the_right_gradients() -> None:
    """By differences, in float64."""
    torch.manual_seed(0)
    layer = BertLayer(BertShape(numbers=9, width=4, layers=1, heads=2, inner=6)).double()
    given = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    with reading_forwards(nn.ModuleList([layer])):
        assert torch.autograd.gradcheck(lambda values: layer(values), (given,))


def test_the_loss_is_the_mean_over_all_words_that_follow_another(reads: Backbone) -> None:
    """As the network's own answers have it, text by text; of a step with too many words some are drawn."""
    own = NextWord(reads, POOL)
    found = float(own.told(reads, SHAPE, rows(WORDS), draws())["loss"].detach())
    each = []
    for text in WORDS:
        row = SHAPE(rows([text]))
        with reading_forwards(reads):
            shares = own.logits(reads, states_of(reads, row))[0, :-1].log_softmax(1).detach()
        each += [-float(share[word]) for share, word in zip(shares, row[0, 1:], strict=True)]
    assert found == pytest.approx(sum(each) / 6, abs=1e-5)


def test_of_a_step_with_too_many_words_some_are_drawn(reads: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    own = NextWord(reads, POOL)
    seen: list[int] = []
    monkeypatch.setattr(own, "logits", lambda _, states: seen.append(len(states)) or states @ torch.ones(128, NUMBERS))
    monkeypatch.setattr(following, "MOST_ASKED", 4)
    own.told(reads, SHAPE, rows(WORDS), draws())
    assert seen == [4]
    with torch.no_grad():
        own.measured(reads, SHAPE, iter([rows(WORDS)]), draws())
    assert seen == [4, 4, 2]


@pytest.mark.parametrize("texts", [("", ""), ("rain",), ("", "rain", "the rain falls on")])
def test_texts_too_short_to_ask_are_a_loss_of_nothing_and_are_shown(reads: Backbone, texts: tuple[str, ...]) -> None:
    own = NextWord(reads, POOL)
    told = own.told(reads, SHAPE, rows(texts), draws())
    told["loss"].backward()
    assert math.isfinite(float(told["loss"].detach()))
    with torch.no_grad():
        shown = own.answered(reads, SHAPE, rows(texts), torch.empty(0), draws())
    assert [len(column) for column in shown.columns] == [len(texts)] * 3


def test_what_it_learnt_it_writes_on(reads: Backbone) -> None:
    """After a few steps on three texts it goes on with them as they went on; the same draws write the same."""
    own = NextWord(reads, POOL)
    optimiser = torch.optim.AdamW([*reads.parameters(), *own.parameters()], lr=3e-3)
    lines = rows(["one two three four five six", "red green blue pink grey black"])
    for _ in range(60):
        optimiser.zero_grad()
        own.told(reads, SHAPE, lines, draws())["loss"].backward()
        optimiser.step()
    begun = SHAPE(lines) * (torch.arange(6) < 2)
    with torch.no_grad():
        first, again = (own.continued(reads, begun, 4, draws()) for _ in range(2))
        shown = own.answered(reads, SHAPE, lines, torch.empty(0), draws())
    assert torch.equal(first, again)
    assert float((first[:, :6] == SHAPE(lines)).float().mean()) > 0.8
    assert shown.heads == ("begun", "continued", "true")
    assert shown.said.startswith("Perplexity 1; who knows only how frequent each word is has 5.")


def test_its_answers_are_counted_in_the_memory_that_it_takes() -> None:
    """Nine words are three a text: 8 texts of a step ask for 24, over the vocabulary; masked words for 15 % of them."""
    for name, asked in (("next_word", 24), ("masked_words", round(0.15 * 24))):
        chosen = method(name).from_values({})
        assert isinstance(chosen, PretrainMethod)
        assert chosen.answers(POOL) == asked * NUMBERS
    few, many = (
        estimate(Experiment(
            dataset=DatasetChoice(name="clinc150", classes=10), backbone=BackboneChoice(name="text_transformer"),
            method=MethodChoice(name=name, hyperparameters={"epochs": 1}),
        )) for name in ("masked_words", "next_word")
    )  # fmt: skip
    assert many.memory_bytes - few.memory_bytes > 4 * 4 * 300 * NUMBERS
    assert many.seconds > few.seconds


@pytest.mark.parametrize("name", ["text_bilstm"])
def test_networks_that_read_both_ways_are_refused_before_start_and_in_the_run(name: str) -> None:
    given = Experiment(
        dataset=DatasetChoice(name="clinc150"), backbone=BackboneChoice(name=name),
        method=MethodChoice(name="next_word"),
    )  # fmt: skip
    (fault,) = problems(given)
    assert fault.field == "backbone"
    assert "reads a text both ways" in str(fault)
    with pytest.raises(InvalidExperiment, match="reads a text both ways"):
        NextWord(random_backbone(name, None), POOL)
    assert problems(given.model_copy(update={"backbone": BackboneChoice(name="text_transformer")})) == []
