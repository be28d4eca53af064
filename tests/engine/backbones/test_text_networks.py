"""Networks that read texts: equal to their authors' own, and blind to padding and to what else is in a batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.bert import Bert, BertShape, live, named, with_state
from engine.backbones.nets import minilm
from engine.backbones.networks import random_backbone
from engine.backbones.recurrent import BothWays
from engine.data.sources import dataset
from engine.errors import NotHere, WeightsError
from engine.experiment import BackboneChoice
from engine.texts.tokens import tokens

NAMES = [info.name for info in catalog.backbones() if info.form.kind == "texts"]
TEXTS = (
    "", "turn it off", "what is my balance at the bank, and why?", "a" * 10_000, "word " * 3000, "😀 שלום עולم", "\x00",
    "ok",
)  # fmt: skip


def numbers(name: str, texts: tuple[str, ...] = TEXTS, length: int = 64) -> Tensor:
    form = catalog.backbone(name).form
    return torch.from_numpy(tokens(form.tokenizer, texts, length)).long()


def network(name: str) -> Backbone:
    torch.manual_seed(0)
    return random_backbone(name, None).eval()


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_padding_and_the_rest_of_the_batch_change_nothing(name: str) -> None:
    model, given = network(name), numbers(name)
    whole = model.embed(given)
    assert torch.isfinite(whole).all()
    order = torch.randperm(len(given), generator=torch.Generator().manual_seed(1))
    assert torch.allclose(model.embed(given[order]), whole[order], atol=1e-6)
    wider = nn.functional.pad(given, (0, 100))
    assert torch.allclose(model.embed(wider), whole, atol=1e-6)
    for row, expected in zip(given, whole, strict=True):
        alone = row[: max(1, int((row != 0).sum()))]
        assert torch.allclose(model.embed(alone[None])[0], expected, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_a_padded_position_is_zeros_after_every_block_but_the_last(name: str) -> None:
    model, given = network(name), numbers(name)
    for end in range(1, len(model.blocks)):
        found = model.through(given, 0, end)
        assert (live(found) == (given != 0)).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_it_gives_is_the_same_with_and_without_gradients(name: str) -> None:
    """They are computed in two ways; and the gradient of a gradient is there."""
    model, given = network(name), numbers(name, TEXTS[:3], 12)
    with torch.no_grad():
        expected = model.embed(given)
    found = model.embed(given)
    assert torch.allclose(found, expected, atol=1e-6)
    last = [parameter for parameter in list(model.blocks.values())[-1].parameters() if parameter.dim() == 2]
    first = torch.autograd.grad(found.square().sum(), last, create_graph=True, allow_unused=True)
    assert all(one is not None for one in first)
    second = torch.autograd.grad(sum(one.square().sum() for one in first), last)
    assert all(bool(torch.isfinite(one).all()) for one in second)


def test_the_mean_is_of_pieces_alone() -> None:
    """By hand: a text of two words is the mean of both vectors, one without words is zeros."""
    model = network("text_bilstm")
    mean = model.blocks["lstm"][1]
    values = torch.tensor([[[1.0, 2.0], [3.0, -4.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]])
    assert mean(values).tolist() == [[2.0, -1.0], [0.0, 0.0]]


@torch.no_grad()
def test_the_lstm_is_torchs() -> None:
    """nn.LSTM on one text without padding, its two biases in one."""
    ours = BothWays(5, 3)
    theirs = nn.LSTM(5, 3, batch_first=True, bidirectional=True)
    for way, end in ((ours.forwards, ""), (ours.backwards, "_reverse")):
        getattr(theirs, f"weight_ih_l0{end}").copy_(_gates(way.seen.weight))
        getattr(theirs, f"weight_hh_l0{end}").copy_(_gates(way.kept.weight))
        getattr(theirs, f"bias_ih_l0{end}").copy_(_gates(way.seen.bias))
        getattr(theirs, f"bias_hh_l0{end}").zero_()
    values = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(ours(values), theirs(values)[0], atol=1e-6)


def _gates(value: Tensor) -> Tensor:
    """From take, keep, give, fresh to torch's order: take, keep, fresh, give."""
    take, keep, give, fresh = value.chunk(4)
    return torch.cat([take, keep, fresh, give])


@pytest.mark.parametrize("heads, layers, activation", [(2, 1, "gelu"), (4, 3, "relu"), (1, 2, "gelu_new")])
@torch.no_grad()
def test_any_berts_numbers_are_transformers_own(heads: int, layers: int, activation: str) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=24,
        max_position_embeddings=20, hidden_act=activation, type_vocab_size=1,
    )  # fmt: skip
    torch.manual_seed(0)
    theirs = transformers.BertModel(config).eval()
    shape = BertShape(50, 16, layers, heads, 24, positions=20, kinds=1, activation=activation)  # type: ignore[arg-type]
    state = {f"bert.{key}": value for key, value in theirs.state_dict().items()}
    given = torch.tensor([[5, 6, 7, 0, 0], [9, 0, 0, 0, 0], [1, 2, 3, 4, 5]])
    assert_same(Backbone(with_state(shape, state), 16, None).eval(), theirs, given)


@torch.no_grad()
def test_minilms_numbers_are_transformers_own() -> None:
    transformers = pytest.importorskip("transformers")
    transformers.utils.logging.disable_progress_bar()  # else a thread watches it for good
    folder = weights().parent
    theirs = transformers.BertModel.from_pretrained(folder, local_files_only=True).eval()
    ours = build_backbone(BackboneChoice(name="minilm", weights="sentences"), None, 0).eval()
    assert_same(ours, theirs, numbers("minilm"))


def assert_same(ours: Backbone, theirs: nn.Module, given: Tensor) -> None:
    mask = (given != 0).long()
    hidden = theirs(input_ids=given, attention_mask=mask).last_hidden_state
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    assert torch.allclose(ours.embed(given), mean, atol=1e-5)


def weights() -> Path:
    return catalog.published_file(catalog.backbone("minilm").published[0])


def test_a_published_state_has_all_that_the_network_has() -> None:
    published = named(load_file(weights()))
    with torch.device("meta"):
        own = Bert(minilm.shape()).state_dict()
    assert {key: value.shape for key, value in published.items()} == {key: value.shape for key, value in own.items()}


def test_without_its_package_the_weights_say_how_to_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "find_spec", lambda name: None)
    (one,) = (row for row in catalog.weights("minilm") if row.kind != "random")
    assert (one.state, one.needs) == ("not installed", "warmstart[text]")
    assert "warmstart[text]" in catalog.not_here(catalog.backbone("minilm"), one).advice
    assert isinstance(catalog.not_here(catalog.backbone("minilm"), one), NotHere)
    with pytest.raises(WeightsError, match="not installed"):
        build_backbone(BackboneChoice(name="minilm", weights="sentences"), None, 0)


def test_texts_begin_with_pretrained_weights_where_they_are_here(monkeypatch: pytest.MonkeyPatch) -> None:
    start, known = dataset("clinc150").start, catalog.weights
    found = next(one for one in known("minilm") if one.kind != "random")
    assert catalog.begins(start.backbone, start.rather) == ("minilm" if found.here else "text_transformer")
    monkeypatch.setattr(catalog, "weights", lambda name: (known(name)[0], replace(found, state="not installed")))
    assert catalog.begins(start.backbone, start.rather) == "text_transformer"
    monkeypatch.setattr(catalog, "weights", lambda name: (known(name)[0], replace(found, state="installed")))
    assert catalog.begins(start.backbone, start.rather) == "minilm"
    assert catalog.begins("conv4", "") == "conv4"
