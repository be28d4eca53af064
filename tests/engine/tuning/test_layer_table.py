"""Every preset of the layer table on six real networks: what learns, at which rate, in which batch-norm mode.

Counts and rates are worked out by hand from the published architectures.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone, batch_norms
from engine.backbones.networks import random_backbone
from engine.errors import InvalidExperiment
from engine.layers import HEAD
from engine.machine.limits import Limits
from engine.preparation.inputs import Labelled, Normaliser
from engine.registry import method
from engine.tuning.trainable import count_trainable
from engine.tuning.training import FineTuning, StageTraining

SIZES = {"conv4": 28, "resnet_small": 28, "resnet18": 64, "squeezenet1_0": 64, "vit_b_16": 224, "convnext_tiny": 64}
NETWORKS = tuple(SIZES)
CLASSES = 3
FAMILY = (
    "full_ft", "scratch", "lp_ft", "linear_probe", "discriminative", "gradual", "surgical", "l2_sp", "auto_rgn",
    "bitfit", "lora", "reinit_last",
)  # fmt: skip
FROM_THE_FIRST_EPOCH = {"lp_ft": "head", "linear_probe": "head", "gradual": "head", "surgical": "first"}
STILL_NORMS = {"lp_ft", "surgical", "auto_rgn", "bitfit", "lora"}
FIRST_PART = {
    "conv4": ("conv1",), "resnet_small": ("stem", "stage1"), "resnet18": ("stem", "layer1"),
    "squeezenet1_0": ("stem", "fire2_4"), "vit_b_16": ("stem", "layers1_3"), "convnext_tiny": ("stem", "stage1"),
}  # fmt: skip
# Biases and norms, by hand: Conv-4 4 * (64 + 128); ResNet-18's batch norms 9,600; ViT-B/16: 12 layers of 4 * 768 norm
# values and 2304 + 768 + 3072 + 768 biases, 2 * 768 of the last norm and 768 of the patch convolution; ConvNeXt-Tiny:
# the convolutions' biases, pointwise biases 5d and norms 2d of each block, the stem, downsampling and last norms.
BIASES_AND_NORMS = {
    "conv4": 4 * (64 + 128),
    "resnet_small": 2 * (32 + 4 * 32 + 5 * 64 + 5 * 128),
    "resnet18": 2 * (64 + 4 * 64 + 5 * 128 + 5 * 256 + 5 * 512),
    "squeezenet1_0": 96 + 2 * 144 + 2 * 288 + 2 * 432 + 2 * 576,
    "vit_b_16": 12 * (4 * 768 + 2304 + 768 + 3072 + 768) + 2 * 768 + 768,
    "convnext_tiny": 3 * 96 + sum(n * d * (1 + 5 + 2) for n, d in ((3, 96), (3, 192), (9, 384), (3, 768)))
    + (2 * 96 + 192) + (2 * 192 + 384) + (2 * 384 + 768) + 2 * 768,
}  # fmt: skip
# Rank 4: 4 * (k * k * inputs + outputs) of every linear and convolution layer that is not in groups. SqueezeNet:
# squeeze, expand1x1 and expand3x3 of each fire module; ConvNeXt: the stem, two linear layers a block, the downsampling.
LOW_RANK = {
    "conv4": 4 * ((9 + 64) + 3 * (9 * 64 + 64)),
    "resnet_small": 4 * ((9 + 32) + 4 * (288 + 32) + (288 + 64) + 3 * (576 + 64) + (32 + 64)
                         + (576 + 128) + 3 * (1152 + 128) + (64 + 128)),
    "resnet18": 4 * ((49 * 3 + 64) + 4 * 10 * 64
                     + sum((9 * i + 2 * i) + 3 * 10 * 2 * i + (i + 2 * i) for i in (64, 128, 256))),
    "squeezenet1_0": 4 * (49 * 3 + 96) + 4 * sum(
        i + s + s + e + 9 * s + e
        for i, s, e in ((96, 16, 64), (128, 16, 64), (128, 32, 128), (256, 32, 128), (256, 48, 192),
                        (384, 48, 192), (384, 64, 256), (512, 64, 256))
    ),
    "vit_b_16": 4 * (256 * 3 + 768) + 12 * 4 * ((768 + 2304) + (768 + 768) + 2 * (768 + 3072)),
    "convnext_tiny": 4 * (16 * 3 + 96) + 4 * 2 * 5 * (3 * 96 + 3 * 192 + 9 * 384 + 3 * 768)
    + 4 * sum(4 * i + 2 * i for i in (96, 192, 384)),
}  # fmt: skip


@cache
def network(name: str) -> Backbone:
    return random_backbone(name, CLASSES)


def training(name: str, method_name: str, **values: object) -> FineTuning:
    channels = 1 if name in ("conv4", "resnet_small") else 3
    size = SIZES[name]
    pixels = torch.randint(0, 256, (4, channels, size, size), dtype=torch.uint8, generator=torch.Generator())
    few = Labelled(pixels, torch.tensor([0, 1, 2, 0]), np.arange(4))
    chosen = method(method_name).from_values(values)
    nowhere = Checkpoints(Path("nowhere"))  # nothing is trained, so nothing is written
    return FineTuning(network(name), chosen, few, few, Normaliser(size, channels), nowhere, Limits(), seed=0)


def begun(name: str, method_name: str, **values: object) -> StageTraining:
    """The first stage with its first epoch prepared; nothing is cached, so that modes can be seen."""
    run = training(name, method_name, **{"epochs": 40, "augmentation": "shift and turn"} | values)
    stage = StageTraining(run, run.method.stages()[0], 0, endless=False)
    list(stage._begin())
    stage.learner.begin()
    return stage


def expected_blocks(name: str, method_name: str) -> set[str]:
    blocks = set(network(name).block_names)
    return {"head": {HEAD}, "first": {*FIRST_PART[name], HEAD}}.get(FROM_THE_FIRST_EPOCH.get(method_name, ""), blocks)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("method_name", [m for m in FAMILY if m not in ("lp_ft", "linear_probe", "auto_rgn", "lora")])
def test_what_learns_and_what_is_frozen(name: str, method_name: str) -> None:
    stage = begun(name, method_name)
    model, wanted = stage.run.model, expected_blocks(name, method_name)
    learning = {block for block, module in model.named_blocks() if any(p.requires_grad for p in module.parameters())}
    assert learning == wanted
    assert {group["block"] for group in stage.rates.groups} == wanted
    modes = {block: any(m.training for m in module.modules()) for block, module in model.named_blocks()}
    assert {block for block, on in modes.items() if on} == wanted
    still = method_name in STILL_NORMS
    for block, module in model.named_blocks():
        assert all(norm.training == (block in wanted and not still) for norm in batch_norms(module))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_learning_parameter_is_in_the_optimiser_once(name: str) -> None:
    stage = begun(name, "full_ft")
    listed = [parameter for group in stage.rates.groups for parameter in group["params"]]
    assert len(listed) == len({id(parameter) for parameter in listed})
    assert sum(p.numel() for p in listed) == sum(p.numel() for p in network(name).parameters())


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("method_name", ["lp_ft", "linear_probe"])
def test_the_probe_trains_a_head_of_its_own_on_cached_features(name: str, method_name: str) -> None:
    run = training(name, method_name)
    stage = StageTraining(run, run.method.stages()[0], 0, endless=False)
    assert type(stage.learner).__name__ == "HeadOnFeatures"
    assert [run.learning(0), run.learning(10_000)][method_name == "lp_ft"] == (
        frozenset(network(name).block_names) if method_name == "lp_ft" else frozenset({HEAD})
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_discriminative_rates_fall_by_the_factor_from_the_head_backwards(name: str) -> None:
    peaks = {g["block"]: g["peak"] for g in begun(name, "discriminative", learning_rate=0.1, factor=2.6).rates.groups}
    steps = [0.1, 0.1 / 2.6, 0.1 / 6.76, 0.1 / 17.576, 0.1 / 45.6976, 0.1 / 118.81376]
    for block, rate in zip(reversed(network(name).block_names), steps, strict=False):
        assert peaks[block] == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradual_unfreezing_frees_one_block_after_every_few_epochs(name: str) -> None:
    run = training(name, "gradual", epochs_per_block=2)
    names = network(name).block_names
    for epoch in range(2 * len(names)):
        assert run.learning(epoch) == frozenset(names[len(names) - 1 - epoch // 2 :])


@pytest.mark.parametrize("name", NETWORKS)
def test_surgical_parts_and_single_blocks(name: str) -> None:
    blocks = network(name).block_names
    parts = {part: training(name, "surgical", block=part).learning(0) - {HEAD} for part in ("first", "middle", "last")}
    assert parts["first"] == set(FIRST_PART[name])
    assert parts["last"] == {blocks[-2]}
    assert parts["middle"] == set(blocks[:-1]) - parts["first"] - parts["last"] != set()
    for block in blocks:
        assert training(name, "surgical", block=block, head="stays as it is").learning(0) == {block}


@pytest.mark.parametrize("name", NETWORKS)
def test_l2_sp_anchors_all_but_the_head_and_stacks_no_decay_on_it(name: str) -> None:
    for group in begun(name, "l2_sp", weight_decay=0.01).rates.groups:
        assert group["weight_decay"] == (0.01 if group["block"] == HEAD else 0.0)
    run = training(name, "l2_sp", anchor=0.3)
    assert {block: row.anchor for block, row in run.table.items()} == {
        block: 0.0 if block == HEAD else 0.3 for block in network(name).block_names
    }
    assert len(run._starts) == sum(1 for key, _ in network(name).named_parameters() if not key.startswith("head"))


@pytest.mark.parametrize("name", NETWORKS)
def test_biases_and_norms_are_few(name: str) -> None:
    run = training(name, "bitfit")
    head = CLASSES * (network(name).features + 1)
    assert count_trainable(run.model, run.method) == BIASES_AND_NORMS[name] + head
    learning = {key for key, p in begun(name, "bitfit").run.model.named_parameters() if p.requires_grad}
    assert sum(dict(run.model.named_parameters())[key].numel() for key in learning) == BIASES_AND_NORMS[name] + head


@pytest.mark.parametrize("name", list(LOW_RANK))
def test_low_rank_changes_are_few_and_leave_the_weights_frozen(name: str) -> None:
    stage = begun(name, "lora", rank=4)
    factors = [p for group in stage.rates.groups if group["block"] != HEAD for p in group["params"]]
    assert sum(p.numel() for p in factors) == LOW_RANK[name]
    assert not any(p.requires_grad for key, p in stage.run.model.named_parameters() if not key.startswith("head"))
    head = CLASSES * (network(name).features + 1)
    assert count_trainable(stage.run.model, stage.run.method) == LOW_RANK[name] + head


@pytest.mark.parametrize(
    "name,method_name,values,words",
    [
        ("squeezenet1_0", "bitfit", {"which": "norms"}, "no normalisation layers"),
        ("conv4", "surgical", {"block": "layer9"}, "no block “layer9”"),
        ("conv4", "full_ft", {"layers": {"stage1": {"rate": 0.5}}}, "no block called “stage1”"),
        ("conv4", "full_ft", {"layers": {"conv1": {"rate": -1}}}, "Block conv1: “rate” must be greater"),
    ],
)
def test_what_a_backbone_does_not_have_is_a_sentence(
    name: str, method_name: str, values: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidExperiment) as caught:
        training(name, method_name, **values)
    assert words in caught.value.message
    assert caught.value.advice


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "vit_b_16"])  # which takes five seconds
def test_auto_rgn_gives_each_weight_its_own_rate_and_leaves_norms_out(name: str) -> None:
    stage = begun(name, "auto_rgn", learning_rate=0.5)
    peaks = [group["peak"] for group in stage.rates.groups]
    assert max(peaks) == pytest.approx(0.5)
    assert all(len(group["params"]) == 1 for group in stage.rates.groups)
    norms = {
        id(p) for m in stage.run.model.modules() for p in m.parameters(recurse=False) if "Norm" in type(m).__name__
    }
    assert not norms & {id(group["params"][0]) for group in stage.rates.groups}


def test_a_person_s_cell_overrides_the_method_s() -> None:
    edits = {"conv1": {"rate": 0.0}, "conv2": {"from_epoch": 5, "batch_norm": "pretrained statistics"}}
    stage = begun("conv4", "full_ft", layers=edits)
    learning = {group["block"] for group in stage.rates.groups}
    assert learning == {"conv3", "conv4", HEAD}
    assert stage.run.learning(5) == {"conv2", "conv3", "conv4", HEAD}
