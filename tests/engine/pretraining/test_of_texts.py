"""Pretraining on texts: what each objective asks against values worked out on paper, and whole runs of all of them."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.artifacts.saved import SavedModel
from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.bert import Bert, BertShape
from engine.backbones.dropping import dropping, places
from engine.backbones.networks import random_backbone
from engine.data import sources
from engine.data.splits import split_images
from engine.data.text_set import TextSet
from engine.errors import WeightsError
from engine.events import Evaluated, Event, Metrics, Notice, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.preparation.inputs import Pieces
from engine.pretraining import lengths, training
from engine.pretraining.album import FILE, NEITHER, Album
from engine.pretraining.hiding import HiddenWords
from engine.pretraining.losses import in_batch
from engine.pretraining.method import PretrainMethod, TextPretrainMethod
from engine.pretraining.pool import Pool
from engine.pretraining.run import counted
from engine.pretraining.wording import before_pooling, table_of
from engine.registry import method, methods
from engine.texts import minilm, words
from engine.texts.alphabet import alphabet, frequencies
from engine.texts.tokens import tokens
from engine.texts.words import NUMBERS
from tests.engine.methods.test_every_run import curve, weights
from tests.engine.tuning.resuming import assert_equal, in_pieces, keep_every_point
from tests.texts import data_set, make_known, text_set

KINDS = [kind for kind in methods() if issubclass(kind, TextPretrainMethod)]
SHAPE = Pieces(16, "words")
WORDS = ("the rain falls", "the sun", "the rain the wind")
POOL = Pool(images=64, size=16, channels=1, background=0, batch=8, tokenizer="words", texts=WORDS)
SHORT: dict[str, Any] = {"epochs": 2, "batch_size": 16, "word_vectors": "learnt", "learning_rate": 1e-3}
OTHER, WITHOUT = "other_topics", "topics_without_labels"


def with_others(data: TextSet, changed: np.ndarray) -> TextSet:
    """The same set with other texts at these places."""
    texts = list(data.texts)
    for place in changed:
        texts[place] = " ".join(reversed(texts[place].split())) + " indeed"
    return replace(data, texts=texts)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    tested = split_images(text_set(), DatasetChoice(), 0).test
    bare = replace(text_set(), labels=np.zeros(96, np.int64), class_names=("without a label",), labelled=False,
                   alphabets=None)  # fmt: skip
    make_known(monkeypatch, data_set(OTHER, with_others(text_set(), tested[::2])), data_set(WITHOUT, bare))
    monkeypatch.setattr(training, "LOOK_EVERY", 32)


@pytest.fixture
def model() -> Backbone:
    torch.manual_seed(0)
    return Backbone(Bert(BertShape(40, 8, 2, heads=2, inner=16, positions=16)).cut(), 8, None)


@pytest.fixture
def pieces() -> Tensor:
    """Eight texts of 2 to 9 pieces."""
    draws = torch.Generator().manual_seed(0)
    rows = torch.randint(1, 40, (8, 16), dtype=torch.int32, generator=draws)
    return rows * (torch.arange(16) < torch.arange(2, 10)[:, None])


def asked(name: str, model: Backbone, **values: Any) -> Any:
    chosen = method(name).from_values(values)
    assert isinstance(chosen, PretrainMethod)
    return chosen.pretext(model, POOL)


def loss(pretext: Any, model: Backbone, pieces: Tensor) -> float:
    return float(pretext.told(model.train(), SHAPE, pieces, torch.Generator().manual_seed(0))["loss"].detach())


def test_in_batch_by_hand() -> None:
    """Two axes: each finds itself at cosine 1 beside one at 0; where all are alike, one in n."""
    axes = torch.eye(2, dtype=torch.float64)
    assert float(in_batch(axes, axes, 1.0)) == pytest.approx(math.log(1 + math.exp(-1)), abs=1e-12)
    assert float(in_batch(axes, 5 * axes.flip(0), 0.5)) == pytest.approx(math.log(1 + math.exp(2)), abs=1e-12)
    assert float(in_batch(*torch.ones(2, 7, 3).double(), 0.05)) == pytest.approx(math.log(7), abs=1e-9)
    a, b = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda x, y: in_batch(x, y, 0.2), (a, b))
    a, b, order = a.detach(), b.detach(), torch.tensor([2, 0, 3, 1])
    assert float(in_batch(a[order], b[order], 0.2)) == pytest.approx(float(in_batch(a, b, 0.2)), abs=1e-12)


@pytest.mark.anchors("text_contrast")
def test_contrast_of_texts(model: Backbone, pieces: Tensor) -> None:
    """Without dropout both views are the same features, in any order of the texts and with any padding; a network that
    says the same of all is left with one in eight."""
    own = asked("text_contrast", model, dropout=0.0)
    features = model.eval().embed(SHAPE(pieces)).detach()
    assert loss(own, model, pieces) == pytest.approx(float(in_batch(features, features, 0.05)), abs=1e-5)
    assert loss(own, model, pieces.flip(0)) == pytest.approx(loss(own, model, pieces), abs=1e-5)
    wide = torch.cat([pieces, torch.zeros_like(pieces)], 1)
    assert loss(own, model, wide) == pytest.approx(loss(own, model, pieces), abs=1e-6)
    assert loss(asked("text_contrast", model), model, pieces) > loss(own, model, pieces)
    same = pieces[:1].expand(8, 16)
    assert loss(own, model, same) == pytest.approx(math.log(8), abs=1e-5)
    chosen = method("text_contrast").from_values({})
    assert isinstance(chosen, PretrainMethod)
    assert chosen.collapsed(POOL) == pytest.approx(math.log(8))


def hiding(model: Backbone, share: float = 0.15) -> HiddenWords:
    return HiddenWords(model, POOL, share)


@pytest.fixture
def reads_words() -> Backbone:
    torch.manual_seed(0)
    return random_backbone("text_transformer", None)


def rows(texts: Sequence[str]) -> Tensor:
    return torch.from_numpy(tokens("words", texts, 16))


@pytest.mark.anchors("masked_words")
def test_masked_words(reads_words: Backbone) -> None:
    """A head that says nothing leaves the logarithm of the vocabulary; one that knows how frequent each word is alone
    the entropy of these: 4 of 9 are "the", 2 are "rain", the other three one each."""
    own = hiding(reads_words, share=2.0)  # all are asked for
    norm = own.head[2]
    assert isinstance(norm, nn.LayerNorm)
    nn.init.zeros_(norm.weight)
    assert loss(own, reads_words, rows(WORDS)) == pytest.approx(math.log(NUMBERS), abs=1e-5)
    counts = frequencies("words", WORDS, 16, own.alphabet)
    assert sorted(counts[counts > 0].tolist()) == [1, 1, 1, 2, 4]
    own.bias.data = torch.from_numpy(counts / 9).clamp_min(1e-12).log().float()
    entropy = -(4 / 9 * math.log(4 / 9) + 2 / 9 * math.log(2 / 9) + 3 / 9 * math.log(1 / 9))
    assert loss(own, reads_words, rows(WORDS)) == pytest.approx(entropy, abs=1e-5)
    chosen = method("masked_words").from_values({})
    assert isinstance(chosen, PretrainMethod)
    assert chosen.collapsed(POOL) == pytest.approx(entropy, abs=1e-12)
    batches = iter([rows(WORDS[:1]), rows(WORDS[1:])])
    with torch.no_grad():
        told = own.measured(reads_words, SHAPE, batches, torch.Generator().manual_seed(0))
    assert float(told["perplexity"]) == pytest.approx(math.exp(entropy), abs=1e-4)


def test_what_is_hidden_is_a_share_of_the_words_and_never_padding(reads_words: Backbone) -> None:
    """15 % are asked for: of these 8 of 10 hidden, 1 another, 1 as it was; one word at least of each text."""
    own = hiding(reads_words)
    pieces = torch.randint(2, 30, (400, 20), generator=torch.Generator().manual_seed(1))
    pieces[:200, 10:] = 0
    pieces[0] = 0
    found = own.hide(pieces, torch.Generator().manual_seed(0))
    assert not found.asked[pieces == 0].any()
    assert found.asked[1:].any(1).all()
    assert not found.asked[0].any()
    assert float(found.asked[200:].float().mean()) == pytest.approx(0.15, abs=0.02)
    was, now = pieces[found.asked], found.pieces[found.asked]
    masked, same = now == own.alphabet.mask, now == was
    assert float(masked.float().mean()) == pytest.approx(0.8, abs=0.04)
    assert float(same.float().mean()) == pytest.approx(0.1, abs=0.03)
    assert torch.equal(found.pieces[~found.asked], pieces[~found.asked])
    again = own.hide(pieces, torch.Generator().manual_seed(0))
    assert torch.equal(again.pieces, found.pieces)


def test_nothing_to_ask_is_a_loss_of_nothing(reads_words: Backbone) -> None:
    told = hiding(reads_words).told(reads_words, SHAPE, torch.zeros(3, 16, dtype=torch.int32), torch.Generator())
    told["loss"].backward()
    assert float(told["loss"].detach()) == 0


@pytest.mark.parametrize("name", ["text_transformer", "text_bilstm"])
def test_every_network_of_texts_says_something_of_single_words(name: str) -> None:
    """What is asked is what is pooled; the table of words learns; perplexity is the exponent of the loss."""
    torch.manual_seed(0)
    network = random_backbone(name, None)
    pieces, own = SHAPE(rows(WORDS)), hiding(network)
    with before_pooling(network) as states:
        features = network.eval().embed(pieces)
    there = (pieces != 0).unsqueeze(-1)
    assert torch.allclose((states[0] * there).sum(1) / there.sum(1), features, atol=1e-6)
    told = own.told(network.train(), SHAPE, rows(WORDS), torch.Generator().manual_seed(0))
    told["loss"].backward()
    grad = table_of(network).weight.grad
    assert grad is not None
    assert bool(grad.abs().sum() > 0)
    assert float(told["perplexity"]) == pytest.approx(math.exp(float(told["loss"].detach())), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_in_bfloat16_the_network_alone_is_rounded(kind: type[TextPretrainMethod], reads_words: Backbone) -> None:
    own = kind.from_values({}).pretext(reads_words, POOL)
    full = loss(own, reads_words, rows(WORDS))
    network, heads = dtypes_of_products(reads_words), dtypes_of_products(own)
    own.bf16 = True
    rough = loss(own, reads_words, rows(WORDS))
    assert rough == pytest.approx(full, rel=0.1, abs=0.05)
    assert set(network) == {torch.bfloat16}
    assert set(heads) <= {torch.float32}


def dtypes_of_products(model: nn.Module) -> list[torch.dtype]:
    """Of what each linear layer makes from now on."""
    seen: list[torch.dtype] = []
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            layer.register_forward_hook(lambda _, given, made: seen.append(made.dtype))
    return seen


def test_words_are_called_by_what_they_were_in_the_texts() -> None:
    found = alphabet("words", ("Rain falls",))
    numbers = [words.number("rain"), words.number("snow"), words.number("falls"), 0]
    assert found.spelled(numbers) == "rain (new) falls"
    assert found.spelled(numbers, [True, False, False, False]) == "▢ (new) falls"


@pytest.mark.skipif(not minilm.is_here(), reason="needs the extra")
def test_pieces_of_minilm_are_joined_to_words() -> None:
    found = alphabet("minilm", ())
    (row,) = tokens("minilm", ["warmstarting rains"], 12).tolist()
    assert found.spelled(row) == "warmstarting rains"
    assert found.called(found.mask) == "[MASK]"
    assert found.mask not in found.marks
    assert {found.called(one) for one in found.marks} == {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}


def test_what_is_lost_is_drawn_by_the_run_alone(model: Backbone, pieces: Tensor) -> None:
    """The share of values that are 0 is as asked, what is left is scaled up, padding stays 0, and no hook stays."""
    assert len(places(model)) == 5  # embeddings, and twice attention and perceptron
    seen: list[Tensor] = []
    state = torch.get_rng_state()
    with dropping(model, 0.25, torch.Generator().manual_seed(1)):
        keep = model.blocks["layer1"].grow.register_forward_hook(lambda _, given, __: seen.append(given[0]))
        lost = model.embed(SHAPE(pieces))
        keep.remove()
    assert torch.equal(torch.get_rng_state(), state)
    whole = model.embed(SHAPE(pieces))
    assert not torch.allclose(lost, whole)
    with dropping(model, 0.25, torch.Generator().manual_seed(1)):
        assert torch.equal(model.embed(SHAPE(pieces)), lost)
    embedded = nn.Identity()
    small = Backbone({"all": embedded, "none": nn.Identity()}, 1, None)
    with dropping(small, 0.25, torch.Generator().manual_seed(2)):
        ones = small.through(torch.ones(40, 20, 50), 0, 1)
    assert float((ones == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert ones.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert torch.equal(small.through(torch.ones(3, 3, 3), 0, 1), torch.ones(3, 3, 3))


LENGTHS = (3, 1, 0, 9, 2, 14, 5, 5, 1, 7)  # words of each text of a step, one of them empty


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in KINDS for name in ("text_transformer", "text_bilstm")
     if name == "text_transformer" or not kind.reads_forwards],
)  # fmt: skip
def test_groups_by_length_change_no_number(
    kind: type[TextPretrainMethod], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loss and gradients are those of one pass of the whole step, with the same values lost."""
    places_of = torch.arange(16) < torch.tensor(LENGTHS)[:, None]
    step = (torch.randint(1, NUMBERS, (len(LENGTHS), 16), generator=torch.Generator().manual_seed(2))) * places_of
    found = []
    for together in (2, len(LENGTHS)):
        monkeypatch.setattr(lengths, "TOGETHER", together)
        torch.manual_seed(0)
        network = random_backbone(name, None)
        one = asked(kind.name, network, **({"dropout": 0.3} if kind.name == "text_contrast" else {}))
        value = one.told(network, SHAPE, step.int(), torch.Generator().manual_seed(4))["loss"]
        value.backward()
        learnt = [each.grad for each in (*network.parameters(), *one.parameters()) if each.grad is not None]
        found.append((value.detach(), learnt))
    (value, learnt), (other, theirs) = found
    torch.testing.assert_close(value, other, rtol=1e-5, atol=1e-6)
    for mine, its in zip(learnt, theirs, strict=True):  # single numbers are rounded otherwise on every processor
        assert float((mine - its).norm()) <= 1e-4 * float(its.norm()) + 1e-6


def test_kept_word_vectors_do_not_move_and_the_others_do(tmp_path: Path) -> None:
    ran("text_contrast", tmp_path / "r1")
    start = BackboneChoice(name="bag_of_words", weights="run:r1")
    events = ran("text_contrast", tmp_path / "r2", backbone=start, word_vectors="kept")
    before, after = (states(tmp_path / name) for name in ("r1", "r2"))
    assert torch.equal(before["blocks.embeddings.table.weight"], after["blocks.embeddings.table.weight"])
    assert not torch.equal(before["blocks.mix.linear.weight"], after["blocks.mix.linear.weight"])
    assert "test/neighbours, weights it started from" in {one.name for one in events if isinstance(one, Evaluated)}


def states(directory: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(directory / "last.safetensors")


def of_texts(name: str, data: str = "topics", **more: Any) -> Experiment:
    backbone = more.pop("backbone", BackboneChoice(name="bag_of_words"))
    values = SHORT | more
    return Experiment(dataset=DatasetChoice(name=data), backbone=backbone,
                      method=MethodChoice(name=name, hyperparameters=values))  # fmt: skip


def ran(name: str, directory: Path, data: str = "topics", **more: Any) -> list[Event]:
    given = of_texts(name, data, **more)
    assert problems(given) == []
    events = list(execute(given, directory))
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_it_learns_nothing_from_test_texts(kind: type[TextPretrainMethod], tmp_path: Path) -> None:
    one, other = (ran(kind.name, tmp_path / data, data) for data in ("topics", OTHER))
    assert weights(tmp_path / "topics") == weights(tmp_path / OTHER)
    assert curve(one) == curve(other)
    with pytest.raises(WeightsError, match="keeps no head"):
        SavedModel.open(tmp_path / "topics")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_it_goes_on_to_the_last_bit(
    kind: type[TextPretrainMethod], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_every_point(monkeypatch)
    given = of_texts(kind.name)
    expected = list(execute(given, tmp_path / "whole"))
    assert_equal(in_pieces(given, tmp_path / "cut", 5, later=2), tmp_path / "cut", expected, tmp_path / "whole")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_run_speaks_of_texts_and_shows_them(kind: type[TextPretrainMethod], tmp_path: Path) -> None:
    events = ran(kind.name, tmp_path)
    tested = {one.name: one for one in events if isinstance(one, Evaluated)}
    assert {"test/neighbours", "test/neighbours, random weights", "test/neighbours, counted words"} <= set(tested)
    assert {one.unit for one in tested.values()} == {"texts"}
    facts = next(one.facts for one in events if isinstance(one, RunStarted))
    said = [*facts, *(str(words) for one in tested.values() for words in one.notes.values())]
    said += [one.text for one in events if isinstance(one, Notice)]
    assert [words for words in said if "image" in words or "pixel" in words] == []
    album = Album.load(tmp_path / FILE)
    assert album is not None
    assert len(album.looks) > 1
    look = album.looks[-1]
    assert look.of_texts
    assert look.images.shape == look.marks.shape
    assert look.images.shape[1] == len(album.heads)
    assert set(look.images[:, 0].tolist()) & set(text_set().texts) or {"masked", "begun"} & set(album.heads)
    assert ((look.marks[:, 1] == NEITHER) == (kind.name == "next_word")).all()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_texts_without_labels_are_learnt_from_whole(kind: type[TextPretrainMethod], tmp_path: Path) -> None:
    events = ran(kind.name, tmp_path / "r1", WITHOUT)
    assert not any(isinstance(one, Evaluated) for one in events)
    facts = next(one.facts for one in events if isinstance(one, RunStarted))
    assert (facts["training texts"], facts["validation texts"], facts["labels"]) == (92, 4, "there are none")
    assert any("val/rank" in one.values for one in events if isinstance(one, Metrics))
    few = Experiment(
        dataset=DatasetChoice(name="topics", labels_per_class=2),
        backbone=BackboneChoice(name="bag_of_words", weights="run:r1"),
        method=MethodChoice(name="linear_probe", hyperparameters={"epochs": 1}),
    )  # fmt: skip
    assert problems(few) == []
    assert isinstance(list(execute(few, tmp_path / "r2"))[-1], RunFinished)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_its_cost_is_told(kind: type[TextPretrainMethod]) -> None:
    given = of_texts(kind.name, word_vectors="kept", backbone=BackboneChoice(name="bag_of_words", weights="run:r1"))
    found, all_of_it = estimate(given), estimate(of_texts(kind.name))
    assert found.seconds > 0
    assert (found.trainable, all_of_it.trainable) == (16 * 16 + 16, 2**15 * 16 + 16 * 16 + 16)


def test_questions_of_images_are_refused_for_texts_and_the_other_way_round() -> None:
    (fault,) = problems(of_texts("simclr").model_copy(update={"method": MethodChoice(name="simclr")}))
    assert str(fault).startswith("SimCLR asks its question of images, and these are texts. Choose Contrast of texts")
    assert fault.field == "method"
    digits = of_texts("text_contrast").model_copy(
        update={"dataset": DatasetChoice(name="digits"), "backbone": BackboneChoice(name="conv4")}
    )
    (fault,) = problems(digits)
    assert str(fault).startswith("Contrast of texts asks its question of texts, and these are images. Choose SimCLR")
    (fault,) = problems(of_texts("text_contrast", word_vectors="kept"))
    assert str(fault).startswith("The word vectors are random, and would stay so.")
    assert fault.field == "hyperparameters.word_vectors"


def test_words_are_counted_by_what_is_known_alone() -> None:
    known, other = counted(["rain rain sun", "sun wind"], ["rain storm", "storm"])
    assert known.shape == (2, 3)
    assert other[0].tolist() == [1.0, 0.0, 0.0]
    assert other[1].tolist() == [0.0, 0.0, 0.0]
    assert counted(["\x00"], ["rain"])[1].tolist() == [[0.0]]


def test_the_names_of_the_networks_are_the_ones_of_texts() -> None:
    assert {info.name for info in catalog.backbones() if info.form.kind == "texts"} >= {"minilm", "text_transformer"}
    assert sources.kind_of(DatasetChoice(name="topics")) == "texts"


@pytest.mark.parametrize("kind", ["lines", "folder", "column", "zip"])
def test_texts_without_labels_are_read_of_files_of_ones_own(kind: str, tmp_path: Path) -> None:
    """A text a line, a file a text, or a table whose other columns are no classes; alone or in a zip."""
    texts, root = list(text_set().texts), tmp_path / "mine"
    root.mkdir()
    if kind == "folder":
        for place, text in enumerate(texts):
            (root / f"{place:03}.txt").write_text(text)
    elif kind == "column":
        (root / "mine.csv").write_text("id,text\n" + "".join(f"{place},{text}\n" for place, text in enumerate(texts)))
    else:
        (root / "mine.txt").write_text("\n".join(texts) + "\n")
    path = Path(shutil.make_archive(str(root), "zip", root)) if kind == "zip" else root
    path = root / "mine.txt" if kind == "lines" else path
    choice = DatasetChoice.model_validate({"name": "texts", "path": str(path), "labels": "nowhere"})
    data = sources.load(choice)
    assert isinstance(data, TextSet)
    assert sorted(data.texts) == sorted(texts)
    assert not data.labelled
    split = split_images(data, choice, 0)
    assert (len(split.train), len(split.validation), len(split.test)) == (92, 4, 0)
    assert "4 texts set aside" in split.description
    given = of_texts("text_contrast").model_copy(update={"dataset": choice})
    assert problems(given) == []
    assert [one.field for one in problems(given.model_copy(update={"method": MethodChoice(name="lora")}))] == [
        "dataset"
    ]
