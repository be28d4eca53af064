"""A person's own weights: whatever was saved around them they are matched whole; what is none is refused in words."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
from collections import OrderedDict
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.backbones.kept import kept, remove
from engine.backbones.own.adapting import adapted
from engine.backbones.own.bringing import keep, look
from engine.backbones.own.guessing import best_networks
from engine.backbones.own.matching import match
from engine.backbones.own.reading import read
from engine.backbones.own.sources import source_of
from engine.backbones.own.unwrapping import PREFIXES, WRAPPERS
from engine.backbones.shelf import rows
from engine.errors import NotHere, WeightsError
from engine.experiment import BackboneChoice, Experiment
from engine.preflight.problems import problems
from engine.preparation.inputs import normaliser

USUAL = [info.name for info in catalog.backbones() if info.form.kind == "images"]
SMALL, SLOW = "resnet18", pytest.mark.slow
LIGHT = "squeezenet1_0"  # a file of 5 MB, where 17 of them are written and read


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_HOME", str(tmp_path / "home"))


@cache
def trained(name: str) -> dict[str, Tensor]:
    """A whole network's state whose every value was drawn, statistics too, as training would change them all."""
    draws, state = torch.Generator().manual_seed(1), {}
    for key, shape in source_of(name).shapes.items():
        drawn = torch.randn(shape, generator=draws)
        state[key] = drawn * (2 / shape[1:].numel()) ** 0.5 if len(shape) > 1 else 0.1 * drawn
        if len(shape) == 1 and key.endswith(("running_var", "weight")):
            state[key] = 1 + state[key].abs()
        if "num_batches" in key:
            state[key] = torch.tensor(0)
    return state


def saved(state: Any, path: Path) -> Path:
    torch.save(state, path)
    return path


def is_same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name == "vit_b_16" else ()) for name in USUAL]
)
def test_every_usual_network_is_known_again_and_kept_whole(name: str, tmp_path: Path) -> None:
    """By its names alone, also where they stand behind another word; the file stays as it was, and so do the draws of a
    run that trains meanwhile."""
    file = tmp_path / f"{name}.safetensors"
    save_file({f"module.{key}": value for key, value in trained(name).items()}, file)
    before, draws = hashlib.sha256(file.read_bytes()).digest(), torch.get_rng_state()
    source_of.cache_clear()
    looked = look(file)
    assert (looked.network.info.name, looked.match.share, looked.refusal) == (name, 1.0, "")
    assert looked.match.number("missing", "left over", "wrong shape") == 0
    choice = BackboneChoice(name=name, weights=keep(looked).name)
    assert torch.equal(torch.get_rng_state(), draws)
    state = dict(build_backbone(choice, None, 5).state_dict())
    assert is_same(state, looked.network.trunk(trained(name)))
    assert hashlib.sha256(file.read_bytes()).digest() == before


@pytest.mark.parametrize("name", ["mnasnet0_5", "mobilenet_v3_small"])
def test_a_listed_network_is_known_by_its_names_too(name: str) -> None:
    state = catalog.backbone(name).published[0].network().state_dict()
    assert best_networks({f"module.{key}": value for key, value in state.items()})[0] == name


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_whatever_is_saved_around_them(wrapper: str, tmp_path: Path) -> None:
    besides = {"optimizer": {"state": {0: {"exp_avg": torch.ones(64)}}}, "epoch": 3, "best": np.float64(0.5)}
    args = argparse.Namespace(arch=LIGHT)
    looked = look(saved({wrapper: trained(LIGHT), "args": args, **besides}, tmp_path / "a.pth"), LIGHT)
    assert (looked.around, looked.match.share, looked.match.number("left over")) == (wrapper, 1.0, 0)


@pytest.mark.parametrize("prefix", [*PREFIXES, "module.model.", "state_dict.module.student.backbone.", "net.0."])
def test_whatever_stands_before_their_names(prefix: str) -> None:
    source = source_of(SMALL)
    found = {prefix + key: value for key, value in trained(SMALL).items()}
    fitting = match(found, source.shapes, source.head)
    assert fitting.share == 1.0
    assert all(torch.equal(value, trained(SMALL)[key]) for key, value in fitting.values.items())


@pytest.mark.parametrize("seed", range(8))
def test_other_names_in_the_same_order_are_matched_by_their_place(seed: int) -> None:
    draws, source = random.Random(seed), source_of(USUAL[seed])
    state = trained(source.info.name)
    found = {f"x{draws.randrange(10**6)}.{place}.{key.rsplit('.', 1)[-1]}": value
             for place, (key, value) in enumerate(state.items()) if key not in source.head}  # fmt: skip
    fitting = match(found, source.shapes, source.head)
    assert fitting.share == 1.0
    assert all(torch.equal(value, state[key]) for key, value in fitting.values.items())


def test_an_input_layer_of_other_colours_is_found_among_other_names() -> None:
    state = trained("conv4") | {"blocks.conv1.0.weight": torch.randn(64, 3, 3, 3)}
    found = {f"layer{place}.{key.rsplit('.', 1)[-1]}": value for place, (key, value) in enumerate(state.items())}
    fitting = match(found, source_of("conv4").shapes)
    assert (fitting.share, fitting.changes) == (1.0, ("colours summed to grey",))
    summed = state["blocks.conv1.0.weight"].sum(1, keepdim=True)
    assert torch.equal(fitting.values["blocks.conv1.0.weight"], summed)


def test_a_head_of_other_classes_is_left_and_half_a_network_is_refused(tmp_path: Path) -> None:
    state = trained(SMALL) | {"fc.weight": torch.randn(7, 512), "fc.bias": torch.randn(7)}
    assert look(saved(state, tmp_path / "a.pth"), SMALL).match.share == 1.0
    half = {key: value for key, value in state.items() if not key.startswith("layer4")}
    looked = look(saved(half, tmp_path / "half.pth"), SMALL)
    share = sum(value.numel() for key, value in half.items() if "fc" not in key and "num" not in key) / sum(
        value.numel() for key, value in state.items() if "fc" not in key and "num" not in key
    )
    assert looked.match.share == pytest.approx(share)
    assert looked.refusal == f"Only {100 * share:.0f} % of ResNet-18 was found in half.pth, less than 80 %."
    with pytest.raises(WeightsError, match="Only"):
        keep(looked)
    assert not kept()
    assert keep(looked, insist=True).words.startswith("75 of 100 tensors")


def test_colours_are_summed_or_spread_and_positions_resampled() -> None:
    """By hand: a constant grid stays constant, the class token is not touched."""
    kernel = torch.randn(4, 3, 5, 5)
    grey, said = adapted("conv1.weight", kernel, torch.Size([4, 1, 5, 5]))  # type: ignore[misc]
    assert torch.allclose(grey, kernel.sum(1, keepdim=True))
    assert said == "colours summed to grey"
    image = torch.randn(2, 1, 9, 9)
    spread, _ = adapted("conv1.weight", grey, kernel.shape)  # type: ignore[misc]
    alike = nn.functional.conv2d(image.expand(-1, 3, -1, -1), spread)
    assert torch.allclose(alike, nn.functional.conv2d(image, grey), atol=1e-4)
    tokens = torch.cat([torch.full((1, 1, 3), 9.0), torch.full((1, 16, 3), 2.0)], 1)
    larger, said = adapted("encoder.pos_embedding", tokens, torch.Size([1, 50, 3]))  # type: ignore[misc]
    assert torch.allclose(larger, torch.cat([tokens[:, :1], torch.full((1, 49, 3), 2.0)], 1), atol=1e-5)
    assert said == "positions resampled from 4×4 to 7×7"
    assert adapted("conv1.weight", torch.randn(4, 12, 5, 5), kernel.shape) is None


class Program:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("run",)


def spoilt(kind: str, path: Path) -> None:
    whole = trained("conv4")
    if kind == "program":
        torch.save({"state_dict": whole, "hook": Program()}, path)
    elif kind == "network":
        torch.save(nn.Sequential(nn.Linear(2, 2)), path)
    elif kind == "script":
        torch.jit.script(nn.Linear(2, 2)).save(path)
    elif kind == "truncated":
        torch.save(whole, path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif kind == "truncated safetensors":
        save_file(whole, path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif kind == "bytes":
        path.write_bytes(random.Random(0).randbytes(5000))
    elif kind == "page":
        path.write_text("<!doctype html><title>Sign in</title>")
    elif kind == "none":
        path.write_bytes(b"")
    else:
        torch.save({"empty": {}, "wrapped": {"state_dict": {}}, "tensor": torch.ones(3), "list": [1],
                    "words": {"state_dict": {"a": "b"}}, "numberless": whole | {"blocks.conv2.0.weight":
                    torch.full_like(whole["blocks.conv2.0.weight"], torch.nan)}}[kind], path)  # fmt: skip


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["program", "network", "script", "truncated", "truncated safetensors", "bytes", "page",
    "none", "empty", "wrapped", "tensor", "list", "words", "numberless"])  # fmt: skip
def test_what_is_no_file_of_weights_is_one_sentence(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    spoilt(kind, file := tmp_path / "odd.pth")
    with pytest.raises(WeightsError) as caught:
        look(file, "conv4")
    assert ". " not in caught.value.message
    assert caught.value.advice
    assert ("program code" in caught.value.message) == (kind in ("program", "network", "script"))
    assert "run" not in capsys.readouterr().out
    assert not kept()


@pytest.mark.parametrize("kind", ["float8_e4m3fn", "float16", "bfloat16", "int8", "uint8", "bool"])
def test_values_of_every_kind_are_read_or_told(kind: str, tmp_path: Path) -> None:
    whole = {key: value.to(getattr(torch, kind)) if value.is_floating_point() else value
             for key, value in trained("conv4").items()}  # fmt: skip
    file = saved(whole, tmp_path / "small.pth")
    if "float" in kind:
        assert look(file, "conv4").match.share == 1
        return
    with pytest.raises(WeightsError, match=f"of the kind {kind}"):
        look(file, "conv4")


def test_tensors_without_values_are_none(tmp_path: Path) -> None:
    empty = {key: value.to("meta") for key, value in trained("conv4").items()}
    with pytest.raises(WeightsError, match="holds no tensors"):
        look(saved(empty, tmp_path / "empty.pth"), "conv4")


def hub(folder: Path, config: str) -> Path:
    folder.mkdir()
    save_file(OrderedDict(trained("conv4")), folder / "model.safetensors")
    (folder / "config.json").write_text(config)
    return folder


@pytest.mark.parametrize("config", ["[" * 10_000, "[1]", '"resnet18"', '{"architectures": 5}', '{"architectures": {}}'])
def test_a_folder_whose_words_make_no_sense_is_one_sentence(config: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        look(hub(tmp_path / "hub", config))


@pytest.mark.parametrize("given", ["[1, 2]", '{"mean": [NaN, 0, 0], "std": [1, 1, 1]}', '{"mean": [0.5, 0.5, 0.5]}',
    '{"mean": [0.5, 0.5, 0.5], "std": [0, 1, 1]}', '{"mean": [1e400, 0, 0], "std": [1, 1, 1]}'])  # fmt: skip
def test_a_preparation_that_would_make_no_numbers_is_not_taken(given: str, tmp_path: Path) -> None:
    folder = hub(tmp_path / "hub", f'{{"architecture": "resnet18", "pretrained_cfg": {given}}}')
    assert (read(folder).mean, read(folder).std) == ((), ())


def test_the_same_weights_prepared_otherwise_are_another_choice(tmp_path: Path) -> None:
    """Else a run that is repeated would see other pixels under the same name."""
    network = look(saved(trained("conv4"), tmp_path / "a.pth"), "conv4")
    half, third = (replace(network.brought, mean=(one,), std=(one,)) for one in (0.5, 0.3))
    first, second = (keep(replace(network, brought=one)) for one in (half, third))
    assert first.name != second.name
    assert [one.mean[0] for one in kept("conv4") if one.name == first.name] == [0.5]


def test_a_kept_file_that_is_damaged_is_told_and_can_be_added_again(tmp_path: Path) -> None:
    (file := tmp_path / "a.pth").symlink_to(saved(trained("conv4"), tmp_path / "3f9ab12c"))  # as hubs' caches have them
    one = keep(look(file, "conv4"))
    body = bytearray(one.file.read_bytes())
    body[-4] ^= 255
    one.file.write_bytes(body)
    with pytest.raises(WeightsError, match=r"kept copy of a\.pth is damaged"):
        build_backbone(BackboneChoice(name="conv4", weights=one.name), None, 0)
    assert keep(look(file, "conv4")) == one
    build_backbone(BackboneChoice(name="conv4", weights=one.name), None, 0)


@pytest.mark.parametrize(
    "wrong", [{"digest": "../../outside"}, {"std": [0.0]}, {"backbone": "timm/gone"}, {"bytes": "a"}]
)
def test_a_note_that_was_changed_by_hand_harms_no_list(wrong: dict[str, object], tmp_path: Path) -> None:
    one = keep(look(saved(trained("conv4"), tmp_path / "a.pth"), "conv4"))
    note = one.file.with_suffix(".json")
    note.write_text(json.dumps(json.loads(note.read_text()) | wrong))
    os.utime(note.parent, (1, 1))
    assert not [row for row in rows() if row.source == "own"]
    assert not kept("conv4")


def test_a_check_that_cannot_lie() -> None:
    """Fresh statistics, one value throughout, the random network itself: each is told, none is kept unasked."""
    from engine.backbones.own.checking import doubts

    source = source_of("conv4")
    assert doubts(source, trained("conv4")) == ()
    fresh = trained("conv4") | {key: torch.full_like(value, float("var" in key))
                                for key, value in trained("conv4").items() if "running" in key}  # fmt: skip
    assert "seen no image" in doubts(source, fresh)[0]
    ones = {key: torch.ones_like(value) for key, value in trained("conv4").items()}
    assert any("one value" in one for one in doubts(source, ones))
    assert any("random network" in one for one in doubts(source, source.trunk({})))
    assert "Nothing" in doubts(source, {})[0]


def test_kept_weights_are_listed_prepared_as_they_say_and_removed(tmp_path: Path) -> None:
    folder = tmp_path / "from a hub"
    folder.mkdir()
    save_file(OrderedDict(trained(SMALL)), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "clip", "architectures": ["CLIPModel"]}))
    with pytest.raises(WeightsError, match="CLIPModel"):
        look(folder)
    one = keep(look(folder / "model.safetensors", SMALL))
    assert keep(look(folder / "model.safetensors", SMALL)) == one  # the same weights are the same choice
    assert [row.source for row in rows() if row.weights == one.name] == ["own"]
    choice = BackboneChoice(name=SMALL, weights=one.name, image_size=32)
    assert not [fault for fault in problems(Experiment(backbone=choice)) if fault.field == "backbone"]
    assert normaliser(choice).wanted == normaliser(BackboneChoice(name=SMALL, image_size=32)).wanted
    remove(one)
    (gone,) = [fault for fault in problems(Experiment(backbone=choice)) if fault.field == "backbone"]
    assert isinstance(gone, NotHere)
    assert "Add their file again" in gone.advice
    with pytest.raises(WeightsError, match="not on this machine"):
        build_backbone(choice, None, 0)
