"""Folders of transformers' image models, and files of timm's: named as others name them, and which network that is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.backbones.info import Pixels, stated_cut
from engine.backbones.own.bringing import keep, look
from engine.backbones.own.guessing import best_networks
from engine.backbones.own.reading import read
from engine.backbones.own.transformers_names import renamed
from engine.errors import WeightsError
from engine.experiment import BackboneChoice
from tests.lazily import lazily

timm = lazily("timm")

# As transformers 5.24 writes them, after "vit." and the like: one name of each kind, and timm's.
NAMES = {
    "vit": {
        "vit.embeddings.cls_token": "cls_token", "vit.embeddings.position_embeddings": "pos_embed",
        "vit.embeddings.patch_embeddings.projection.weight": "patch_embed.proj.weight",
        "vit.encoder.layer.10.layernorm_before.bias": "blocks.10.norm1.bias",
        "vit.encoder.layer.10.layernorm_after.bias": "blocks.10.norm2.bias",
        "vit.encoder.layer.10.attention.output.dense.weight": "blocks.10.attn.proj.weight",
        "vit.encoder.layer.10.intermediate.dense.weight": "blocks.10.mlp.fc1.weight",
        "vit.encoder.layer.10.output.dense.weight": "blocks.10.mlp.fc2.weight", "vit.layernorm.weight": "norm.weight",
        "vit.pooler.dense.weight": "", "classifier.weight": "",
    },
    "deit": {"deit.embeddings.distillation_token": "dist_token", "distillation_classifier.bias": "",
             "cls_classifier.weight": ""},
    "beit": {
        "beit.encoder.layer.0.lambda_1": "blocks.0.gamma_1", "beit.pooler.layernorm.weight": "fc_norm.weight",
        "beit.encoder.layer.0.attention.attention.relative_position_bias.relative_position_bias_table":
        "blocks.0.attn.relative_position_bias_table",
    },
    "swin": {
        "swin.embeddings.norm.bias": "patch_embed.norm.bias",
        "swin.encoder.layers.1.downsample.reduction.weight": "layers.2.downsample.reduction.weight",
        "swin.encoder.layers.0.blocks.1.attention.self.relative_position_bias_table":
        "layers.0.blocks.1.attn.relative_position_bias_table",
        "swin.encoder.layers.0.blocks.1.attention.output.dense.bias": "layers.0.blocks.1.attn.proj.bias",
        "swin.layernorm.weight": "norm.weight",
    },
    "convnext": {
        "convnext.embeddings.patch_embeddings.bias": "stem.0.bias", "convnext.embeddings.layernorm.bias": "stem.1.bias",
        "convnext.encoder.stages.1.downsampling_layer.0.weight": "stages.1.downsample.0.weight",
        "convnext.encoder.stages.1.layers.2.dwconv.weight": "stages.1.blocks.2.conv_dw.weight",
        "convnext.encoder.stages.1.layers.2.layernorm.weight": "stages.1.blocks.2.norm.weight",
        "convnext.encoder.stages.1.layers.2.pwconv2.weight": "stages.1.blocks.2.mlp.fc2.weight",
        "convnext.encoder.stages.1.layers.2.layer_scale_parameter": "stages.1.blocks.2.gamma",
        "convnext.layernorm.weight": "head.norm.weight",
    },
    "resnet": {
        "resnet.embedder.embedder.convolution.weight": "conv1.weight",
        "resnet.embedder.embedder.normalization.running_var": "bn1.running_var",
        "resnet.encoder.stages.1.layers.0.layer.1.convolution.weight": "layer2.0.conv2.weight",
        "resnet.encoder.stages.1.layers.0.layer.1.normalization.bias": "layer2.0.bn2.bias",
        "resnet.encoder.stages.1.layers.0.shortcut.convolution.weight": "layer2.0.downsample.0.weight",
        "resnet.encoder.stages.1.layers.0.shortcut.normalization.weight": "layer2.0.downsample.1.weight",
        "classifier.1.weight": "",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMES)
def test_tensors_are_named_as_the_other_library_names_them(kind: str) -> None:
    for place, (theirs, ours) in enumerate(NAMES[kind].items()):
        found = renamed(kind, {theirs: torch.full((2,), float(place))})
        assert list(found) == ([ours] if ours else []), theirs


def test_query_key_and_value_are_one_tensor_and_beits_two_biases_stay_apart() -> None:
    before = "encoder.layer.3.attention.attention"
    parts = {
        f"{before}.{name}.weight": torch.full((1, 2), float(n)) for n, name in enumerate(("key", "query", "value"))
    }
    (name,) = found = renamed("vit", {f"vit.{key}": value for key, value in parts.items()})
    assert name == "blocks.3.attn.qkv.weight"
    assert found[name][:, 0].tolist() == [1, 0, 2]
    two = renamed("beit", {f"beit.{before}.{name}.bias": torch.ones(2) for name in ("query", "value")})
    assert sorted(two) == ["blocks.3.attn.q_bias", "blocks.3.attn.v_bias"]


def drawn(network: Any) -> dict[str, Tensor]:
    """Its state with every value another than it was built with."""
    torch.manual_seed(3)
    state: dict[str, Tensor] = network.state_dict()
    for key, value in state.items():
        if value.is_floating_point():
            value += 0.05 * torch.rand_like(value) if "running_var" in key else 0.02 * torch.randn_like(value)
    return state


def as_transformers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A ResNet's state under the names that transformers has for it."""
    found = {}
    for key, value in state.items():
        name = re.sub(r"^layer(\d)\.(\d+)\.conv(\d)", _of("convolution"), key)
        name = re.sub(r"^layer(\d)\.(\d+)\.bn(\d)", _of("normalization"), name)
        for old, new in (("downsample.0", "shortcut.convolution"), ("downsample.1", "shortcut.normalization")):
            name = re.sub(rf"^layer(\d)\.(\d+)\.{old}", _of(new, part=False), name)
        name = name.replace("conv1.", "resnet.embedder.embedder.convolution.", name.startswith("conv1."))
        name = name.replace("bn1.", "resnet.embedder.embedder.normalization.", name.startswith("bn1."))
        found[name.replace("fc.", "classifier.1.")] = value
    return found


def _of(word: str, part: bool = True) -> Any:
    def words(found: re.Match[str]) -> str:
        inner = f"layer.{int(found[3]) - 1}." if part else ""
        return f"resnet.encoder.stages.{int(found[1]) - 1}.layers.{found[2]}.{inner}{word}"

    return words


def folder(path: Path, state: dict[str, Tensor], config: dict[str, Any], images: dict[str, Any] | None = None) -> Path:
    path.mkdir()
    save_file({key: value.contiguous() for key, value in sorted(state.items())}, path / "model.safetensors")
    (path / "config.json").write_text(json.dumps(config))
    if images is not None:
        (path / "preprocessor_config.json").write_text(json.dumps(images))
    return path


@torch.no_grad()
def test_a_folder_is_known_used_and_prepared_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_HOME", str(tmp_path / "home"))
    theirs = timm.create_model("resnet18", num_classes=7).eval()
    state = drawn(theirs)
    said = {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.5, 0.4], "resample": 3, "crop_pct": 0.875,
            "size": {"shortest_edge": 224}}  # fmt: skip
    config = {"model_type": "resnet", "hidden_act": "relu", "architectures": ["ResNetForImageClassification"]}
    looked = look(folder(tmp_path / "hub", as_transformers(state), config, said))
    assert looked.title == "hub"
    assert looked.network.info.name == "resnet18"
    assert looked.match.share == 1
    assert not looked.refusal
    one = keep(looked)
    choice = catalog.as_pretrained(BackboneChoice(name=one.backbone, weights=one.name))
    assert choice.preparation == "own"
    assert catalog.pixels(choice) == Pixels((0.1, 0.2, 0.3), (0.5, 0.5, 0.4), "bicubic", 0.875, "center")
    images = torch.randn(2, 3, 96, 96)
    expected = theirs.forward_head(theirs.forward_features(images), pre_logits=True)
    found = build_backbone(choice, None, 0).eval().embed(images)
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))


@pytest.mark.parametrize(("config", "word"), [
    ({"model_type": "clip", "architectures": ["CLIPModel"]}, "CLIPModel"),
    ({"model_type": "vit", "hidden_act": "relu"}, "hidden_act"),
    ({"model_type": "vit", "hidden_size": 192, "num_attention_heads": 12}, "num_attention_heads"),
    ({"model_type": "resnet", "downsample_in_bottleneck": True}, "downsample_in_bottleneck"),
    ({"model_type": "deit", "architectures": ["DeiTForImageClassification"]}, "DeiTForImageClassification"),
])  # fmt: skip
def test_what_would_be_another_network_is_refused_in_words(config: dict[str, Any], word: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="not built here") as caught:
        look(folder(tmp_path / "hub", {"a": torch.ones(2)}, config))
    assert word in caught.value.message


@pytest.mark.parametrize(("name", "others"), [
    ("convnext_atto", ()), ("efficientnet_b0", ("timm/tf_efficientnet_b0",)),
])  # fmt: skip
def test_a_file_of_timms_is_known_by_its_tensors_and_twins_are_named(name: str, others: tuple[str, ...]) -> None:
    """tf_efficientnet_b0 pads otherwise, which no tensor tells."""
    found = best_networks(timm.create_model(name, num_classes=11).state_dict())
    assert f"timm/{name}" in found[:2]
    assert set(others) <= set(found)
    assert len(found) == 1 or others


def test_squeezed_and_cut_images_are_told_apart() -> None:
    from engine.backbones.own.transformers_names import prepared

    assert prepared({"size": {"height": 224, "width": 224}, "resample": 2}) == ("bilinear", 1.0, "squash")
    assert prepared({"size": {"shortest_edge": 256}, "crop_size": {"height": 224}, "do_center_crop": True,
                     "resample": 3}) == ("bicubic", 0.875, "center")  # fmt: skip
    assert prepared({"size": {"shortest_edge": 384}, "crop_pct": 0.875, "resample": 3}) == ("bicubic", 1.0, "squash")


ODD = (None, [], {}, "", 0, -1, 1.5, True, [[]], {"height": None}, {"shortest_edge": 0}, {"shortest_edge": []}, 10**400)


@pytest.mark.parametrize(
    "key", ["size", "crop_size", "do_center_crop", "resample", "crop_pct", "image_mean", "image_std"]
)
def test_whatever_is_said_of_the_images_is_understood_or_passed_over(key: str, tmp_path: Path) -> None:
    config = {"model_type": "resnet", "hidden_act": "relu"}
    said = {"size": {"shortest_edge": 256}, "crop_size": {"height": 224}, "do_center_crop": True, "resample": 3}
    for place, value in enumerate(ODD):
        found = read(folder(tmp_path / str(place), {"a": torch.ones(2)}, config, said | {key: value}))
        assert found.cut == () or stated_cut(*found.cut) == found.cut


def test_tensors_that_do_not_go_together_stay_apart(tmp_path: Path) -> None:
    """And what is no tensor that lies in memory, or no name, is not looked at; a wrapped one is found."""
    query = "vit.encoder.layer.0.attention.attention.query.weight"
    odd = (torch.zeros(()), torch.zeros(3, 5), torch.zeros(8, 8, device="meta"), "text", None)
    for place, value in enumerate(odd):
        path = tmp_path / str(place)
        path.mkdir()
        state = {query: torch.ones(8, 8), query.replace("query", "key"): value,
                 query.replace("query", "value"): torch.ones(8, 8), 5: torch.ones(2), "a.².b": torch.ones(1),
                 f"vit.encoder.layer.{'9' * 30}.norm": torch.ones(1)}  # fmt: skip
        torch.save({"state_dict": state}, path / "pytorch_model.bin")
        (path / "config.json").write_text(json.dumps({"model_type": "vit"}))
        names = set(read(path).content)
        assert {"blocks.0.attn.q_weight", "blocks.0.attn.v_weight"} <= names
        assert "blocks.0.attn.qkv.weight" not in names
