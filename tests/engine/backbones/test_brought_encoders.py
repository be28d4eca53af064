"""A folder with a plain BERT of any size becomes a backbone with its own word pieces, and what is none says why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from engine.artifacts.weights import build_backbone
from engine.backbones import catalog, encoders
from engine.backbones.kept import kept
from engine.backbones.own.bringing import keep, look
from engine.errors import InvalidExperiment, NotHere, WeightsError
from engine.experiment import BackboneChoice
from engine.texts.tokens import tokens
from tests.lazily import lazily

transformers = lazily("transformers")
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *["turn", "the", "light", "off", "on", "please"],
    "##s",
    *map(chr, range(97, 123)),
]


def pieces(words: Sequence[str] = WORDS) -> str:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    made = Tokenizer(models.WordPiece({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.enable_padding(length=20)
    return str(made.to_str())


def folder(path: Path, **config: Any) -> tuple[Path, torch.nn.Module]:
    """As hubs hold it, under the names of a masked language model."""
    path.mkdir(parents=True)
    said = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=24, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=20,
    )  # fmt: skip
    torch.manual_seed(1)
    model = transformers.BertModel(said).eval()
    save_file({f"bert.{key}": value.contiguous() for key, value in model.state_dict().items()},
              path / "model.safetensors")  # fmt: skip
    (path / "config.json").write_text(json.dumps(said.to_dict() | config))
    (path / "tokenizer.json").write_text(pieces(), encoding="utf-8")
    return path, model


def test_a_bert_of_any_size_gives_its_own_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a process that has not looked at the folder, and though another was chosen as its network."""
    place, theirs = folder(tmp_path / "tiny bert")
    one = keep(look(place, "conv4"))
    assert (one.title, one.backbone.startswith("bert:")) == ("tiny bert", True)
    monkeypatch.setattr(encoders, "_looked", {})
    assert [found.name for found in kept(one.backbone)] == [one.name]
    info = catalog.backbone(one.backbone)
    assert (info.form.kind, info.features, info.form.most) == ("texts", 24, 20)  # type: ignore[union-attr]
    ours = build_backbone(BackboneChoice(name=one.backbone, weights=one.name), None, 0).eval()
    assert sum(parameter.numel() for parameter in ours.parameters()) == info.parameters
    given = torch.from_numpy(tokens(info.form.tokenizer, ["Turn the lights off!", "on"], 12)).long()  # type: ignore[union-attr]
    assert given[1].tolist() == [2, WORDS.index("on"), 3, *[0] * 9]
    mask = (given != 0).long()
    with torch.no_grad():
        hidden = theirs(input_ids=given, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        assert torch.allclose(ours.embed(given), mean, atol=1e-5)


@pytest.mark.parametrize("key, value", [
    ("hidden_act", "silu"), ("position_embedding_type", "relative_key"), ("pad_token_id", 1), ("is_decoder", True),
    ("num_attention_heads", 5), ("hidden_size", "24"), ("vocab_size", 10**9), ("num_hidden_layers", 0),
    ("layer_norm_eps", "tiny"), ("layer_norm_eps", 7.0),
])  # fmt: skip
def test_another_kind_of_network_is_named(key: str, value: object, tmp_path: Path) -> None:
    place, _ = folder(tmp_path / "odd", **{key: value})
    with pytest.raises(WeightsError, match=f"{key} is {value}"):
        look(place)


def test_what_is_not_whole_says_so(tmp_path: Path) -> None:
    place, _ = folder(tmp_path / "part")
    (place / "tokenizer.json").write_text("{}")
    with pytest.raises(WeightsError, match="cannot be read"):
        look(place)
    (place / "tokenizer.json").unlink()
    with pytest.raises(WeightsError, match="has no tokenizer"):
        look(place)


def test_pieces_that_the_network_does_not_have_are_refused(tmp_path: Path) -> None:
    place, _ = folder(tmp_path / "fewer", vocab_size=len(WORDS) - 1)
    with pytest.raises(WeightsError, match="more word pieces than the network knows"):
        look(place)


def test_a_tokenizer_that_was_saved_without_its_vocabulary_is_told(tmp_path: Path) -> None:
    place, _ = folder(tmp_path / "five", vocab_size=5)
    (place / "tokenizer.json").write_text(pieces(WORDS[:5]), encoding="utf-8")
    with pytest.raises(WeightsError, match=r"has only 5 word pieces. Save its tokenizer"):
        look(place)


def test_one_that_is_gone_says_so() -> None:
    assert not catalog.is_known("bert:0123456789")
    with pytest.raises(InvalidExperiment, match="not on this machine"):
        catalog.backbone("bert:0123456789")
    with pytest.raises(NotHere, match="not on this machine"):
        tokens("bert:0123456789", ["a"], 8)
