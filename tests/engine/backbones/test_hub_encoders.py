"""Encoders that transformers builds become backbones with their authors' numbers, whatever they take for padding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.artifacts.weights import build_backbone
from engine.backbones import catalog, encoders
from engine.backbones.backbone import Backbone
from engine.backbones.dropping import dropping
from engine.backbones.hub import opened, silent
from engine.backbones.kept import kept
from engine.backbones.own.bringing import keep, look
from engine.errors import NotHere, WeightsError
from engine.events import Evaluated, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.preflight.problems import problems
from engine.texts.tokens import tokens
from tests.engine.backbones.test_brought_encoders import WORDS, pieces
from tests.engine.backbones.test_brought_encoders import folder as of_bert
from tests.lazily import lazily
from tests.texts import data_set, make_known, text_set

transformers = lazily("transformers")
SIZES = {
    "vocab_size": len(WORDS), "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2,
    "intermediate_size": 32, "max_position_embeddings": 40,
}  # fmt: skip
SMALL = {
    "RobertaConfig": SIZES | {"pad_token_id": 1, "bos_token_id": 0},
    "DistilBertConfig": {
        "vocab_size": len(WORDS), "dim": 24, "n_layers": 3, "n_heads": 2, "hidden_dim": 32,
        "max_position_embeddings": 40,
    },
    "AlbertConfig": SIZES | {"embedding_size": 12},
    "MPNetConfig": SIZES,
    "ElectraConfig": SIZES | {"embedding_size": 12},
}  # fmt: skip


def folder(path: Path, kind: str) -> tuple[Path, torch.nn.Module]:
    """As hubs hold it, of random weights far from those that it begins with."""
    torch.manual_seed(1)
    model = transformers.AutoModel.from_config(getattr(transformers, kind)(**SMALL[kind])).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    with silent():
        model.save_pretrained(path)
    (path / "tokenizer.json").write_text(pieces(), encoding="utf-8")
    return path, model


def brought(path: Path, kind: str) -> tuple[BackboneChoice, torch.nn.Module]:
    place, theirs = folder(path, kind)
    one = keep(look(place))
    return BackboneChoice(name=one.backbone, weights=one.name), theirs


@pytest.mark.parametrize("kind", SMALL)
def test_an_encoder_gives_its_authors_numbers(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in a process that has not looked at the folder; whatever stands beside a text; and while it learns."""
    choice, theirs = brought(tmp_path / "own", kind)
    monkeypatch.setattr(encoders, "_looked", {})
    info = catalog.backbone(choice.name)
    assert [one.name for one in kept(choice.name)] == [choice.weights]
    assert (info.form.kind, info.features, info.is_encoder) == ("texts", 24, True)
    assert info.block_names[:2] == ("embeddings", "layer1")
    ours = build_backbone(choice, None, 0)
    assert sum(parameter.numel() for parameter in ours.parameters()) == info.parameters
    texts = ["Turn the lights off please!", "on", ""]
    found = torch.from_numpy(tokens(info.form.tokenizer, texts, 12)).long()  # type: ignore[union-attr]
    padding = theirs.config.pad_token_id or 0
    mask = (found != 0).long()
    with torch.no_grad():
        hidden = theirs(input_ids=torch.where(mask == 1, found - 1, padding), attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp_min(1)
        assert torch.allclose(ours.train().embed(found), mean, atol=1e-5)
        assert torch.allclose(ours.eval().embed(found[1:2, :3]), mean[1:2], atol=1e-6)


@pytest.mark.parametrize("kind", SMALL)
def test_a_text_read_twice_loses_other_values_each_time(kind: str, tmp_path: Path) -> None:
    """Its blocks are never called themselves, so that the places are those of its authors; nothing is left behind."""
    choice, _ = brought(tmp_path / "own", kind)
    model = build_backbone(choice, None, 0)
    pieces_of_text = torch.tensor([[2, 3, 4, 0], [5, 6, 2, 3]])
    with torch.no_grad():
        whole = model.embed(pieces_of_text)
        with dropping(model, 0.3, torch.Generator().manual_seed(0)):
            first, second = model.embed(pieces_of_text.repeat(2, 1)).chunk(2)
        with dropping(model, 0.3, torch.Generator().manual_seed(0)):
            again = model.embed(pieces_of_text.repeat(2, 1))
        after = model.embed(pieces_of_text)
    assert ((first - second).abs().amax(1) > 1e-3).all()
    assert torch.equal(again, torch.cat([first, second]))
    assert torch.equal(after, whole)


def test_a_plain_bert_is_the_same_built_here_and_by_transformers(tmp_path: Path) -> None:
    place, _ = of_bert(tmp_path / "bert")
    one = keep(look(place))
    ours = build_backbone(BackboneChoice(name=one.backbone, weights=one.name), None, 0).eval()
    made, missing = opened(place)
    assert missing == []
    theirs = Backbone(made, 24, None).eval()
    found = torch.from_numpy(tokens(one.backbone, ["Turn the lights off please!", "on"], 12)).long()
    with torch.no_grad():
        assert torch.allclose(ours.embed(found), theirs.embed(torch.where(found > 0, found + 1, 0)), atol=1e-5)


def test_a_run_freezes_and_trains_its_blocks_and_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_known(monkeypatch, data_set("topics", text_set()))
    choice, _ = brought(tmp_path / "own", "RobertaConfig")
    values = {"epochs": 2, "batch_size": 8, "layers": {"embeddings": {"rate": 0.0}, "layer1": {"rate": 0.0}}}
    given = Experiment(dataset=DatasetChoice(name="topics"), backbone=choice,
                       method=MethodChoice(name="full_ft", hyperparameters=values))  # fmt: skip
    assert problems(given) == []
    events = list(execute(given, tmp_path / "runs" / "one"))
    assert isinstance(events[-1], RunFinished), events[-1]
    figure = next(event for event in events if isinstance(event, Evaluated))
    before = build_backbone(choice, None, 0)
    after = build_backbone(BackboneChoice(name=choice.name, weights="run:one"), None, 0, tmp_path / "runs")
    pairs = ((name, before.blocks[name].state_dict(), after.blocks[name].state_dict()) for name in before.blocks)
    moved = {name for name, one, other in pairs if any(not torch.equal(one[key], other[key]) for key in one)}
    assert moved == {"layer2", "layer3"}
    assert figure.n > 0


@pytest.mark.parametrize(
    "change,words",
    [
        ({"is_encoder_decoder": True}, "writes texts"),
        ({"model_type": "no such kind"}, "is no text encoder that can be read"),
        ({"num_hidden_layers": 5}, "no values of"),
        ({"vocab_size": len(WORDS) + 1}, "is no text encoder that can be read"),
    ],
)
def test_what_is_no_encoder_says_so_in_one_sentence(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    place, _ = folder(tmp_path / "odd", "RobertaConfig")
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(WeightsError, match=words):
        look(place)


def test_without_the_library_a_folder_and_a_kept_encoder_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice, _ = brought(tmp_path / "own", "AlbertConfig")
    monkeypatch.setattr(encoders, "find_spec", lambda name: None)
    monkeypatch.setattr("engine.backbones.own.hub_folders.find_spec", lambda name: None)
    with pytest.raises(NotHere, match="transformers, which is not installed"):
        look(tmp_path / "own")
    given = Experiment(dataset=DatasetChoice(name="clinc150"), backbone=choice)
    (fault,) = problems(given)
    assert "warmstart[hub]" in fault.advice
    with pytest.raises(NotHere):
        catalog.backbone(choice.name).build()
