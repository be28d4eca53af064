"""Twenty networks of timm's of all kinds: computed as timm does, and every way of learning works on their blocks."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from engine.artifacts.checkpoints import Checkpoints
from engine.artifacts.weights import build_backbone, trunk_weights
from engine.backbones import catalog, listed, located
from engine.backbones.backbone import Backbone, changed, snapshot
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice
from engine.layers import HEAD
from engine.machine.limits import Limits
from engine.preparation.inputs import Labelled, normaliser
from engine.registry import method, methods
from engine.tuning.method import FineTuneMethod
from engine.tuning.trainable import check_table, count_trainable
from engine.tuning.training import FineTuning, StageTraining
from tests.lazily import lazily

timm = lazily("timm")

QUICK = (
    "convnext_atto", "regnety_002", "vit_tiny_patch16_224", "edgenext_xx_small", "mixer_s32_224",
    "mobilenetv3_small_050", "fastvit_t8",
)  # fmt: skip
HEAVY = (
    "resnet18", "efficientnet_b0", "deit_tiny_distilled_patch16_224", "eva02_tiny_patch14_224", "xcit_nano_12_p16_224",
    "levit_128s", "resmlp_12_224", "mobilevit_xxs", "ghostnet_100",
    "densenet121", "hrnet_w18_small", "nf_resnet26", "swin_tiny_patch4_window7_224", "beit_base_patch16_224",
    "coatnet_nano_rw_224", "maxvit_tiny_rw_224", "gmlp_ti16_224", "vit_tiny_r_s16_p8_224", "naflexvit_base_patch16_gap",
)  # fmt: skip
TWENTY = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in HEAVY)]
WAY = 3


@cache
def theirs(name: str) -> nn.Module:
    torch.manual_seed(1)
    network: nn.Module = timm.create_model(name, num_classes=0)
    for value in network.parameters():
        if (
            not bool(value.any()) and value.dim() == 1
        ):  # norms that begin at zero keep what is before them from learning
            nn.init.uniform_(value, 0.1, 0.5)
    return network.eval()


@cache
def cut(name: str) -> Backbone:
    """The network of that state in blocks, through the loader of published weights; to be copied before it changes."""
    (network,) = (one for one in listed.networks().values() if one.name == f"timm/{name}")
    info = catalog.backbone(network.name)
    torch.manual_seed(2)
    blocks = catalog.published.with_state(network, theirs(name).state_dict())
    return Backbone(blocks, info.features, WAY).eval()


def usual(name: str) -> BackboneChoice:
    return BackboneChoice(name=f"timm/{name}")


def small(name: str) -> BackboneChoice:
    """At a size at which learning takes little, where the network reads others than its own."""
    form = catalog.backbone(f"timm/{name}").form
    return BackboneChoice(name=f"timm/{name}", image_size=None if form.fixed else max(form.least, 64))


@cache
def images(choice: BackboneChoice) -> Tensor:
    size = catalog.image_size(choice)
    return torch.randint(0, 256, (4, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def prepared(choice: BackboneChoice) -> Tensor:
    return normaliser(choice)(images(choice))


@pytest.mark.parametrize("name", TWENTY)
@torch.no_grad()
def test_features_and_parameters_are_timms(name: str) -> None:
    info, model, network = catalog.backbone(f"timm/{name}"), cut(name), theirs(name)
    assert model.block_names == info.block_names
    for block in info.blocks:
        assert sum(value.numel() for value in model.block(block.name).parameters()) == block.parameters
    assert info.parameters == sum(parameter.numel() for parameter in network.parameters())
    expected = network.forward_head(network.forward_features(prepared(usual(name))), pre_logits=True)
    found = model.embed(prepared(usual(name)))
    assert found.shape == (4, info.features)
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("name", TWENTY)
def test_every_fine_tuning_method_has_a_valid_table(name: str) -> None:
    model = cut(name)
    for kind in methods():
        if issubclass(kind, FineTuneMethod):
            chosen = kind.from_values({})
            table = chosen.table(model.block_names)
            check_table(model, table)
            assert set(table) == set(model.block_names)
            assert (count_trainable(model, chosen) > 0) == bool(chosen.stages())


@pytest.mark.parametrize("name", TWENTY)
@pytest.mark.parametrize("method_name", ["full_ft", "surgical", "bitfit", "lora"])
def test_a_step_changes_exactly_what_learns(name: str, method_name: str) -> None:
    model, before = deepcopy(cut(name)), snapshot(cut(name))
    values = {"block": model.block_names[-2]} if method_name == "surgical" else {}
    wanted = {model.block_names[-2], HEAD} if method_name == "surgical" else set(model.block_names)
    if method_name == "lora":  # which has nothing to add to a block of norms alone
        wanted = {one for one in wanted if any(value.dim() > 1 for value in model.block(one).parameters())}
    step(model, name, method_name, **values)
    moved = {key.removeprefix("blocks.").split(".")[0] for key in changed(snapshot(model), before)}
    assert moved == wanted
    assert not changed(snapshot(cut(name)), before), "a copy shares nothing with what it was copied from"


def step(model: Backbone, name: str, method_name: str, **values: object) -> None:
    """One step of plain gradient descent on what the method lets learn."""
    few = Labelled(images(small(name)), torch.tensor([0, 1, 2, 0]), np.arange(4))
    chosen = method(method_name).from_values({"epochs": 1, "augmentation": "shift and turn"} | values)
    shape = normaliser(small(name))
    run = FineTuning(model, chosen, few, few, shape, Checkpoints(Path("nowhere")), Limits(), seed=0)
    stage = StageTraining(run, run.method.stages()[-1], 0, endless=False)
    list(stage._begin())
    # The product of two factors starts at zero, and biases behind a small layer scale have small gradients.
    rate = 10.0 if method_name in ("lora", "bitfit") else 1e-2
    for _ in range(2):
        stage.learner.begin()
        loss = F.cross_entropy(stage.learner.logits(torch.arange(4)), few.labels)
        parameters = [value for part in stage.learner.parts() for value in part.parameters]
        torch.optim.SGD(parameters, rate).zero_grad()
        loss.backward()
        torch.optim.SGD(parameters, rate).step()
    stage.learner.settle()


@pytest.mark.parametrize("name", TWENTY)
@pytest.mark.parametrize("method_name", ["anil", "maml"])
def test_a_task_is_adapted_to_and_the_network_stays(name: str, method_name: str) -> None:
    """The head alone, then every weight, in a functional call: what is given for it is not kept."""
    model, before = cut(name), snapshot(cut(name))
    learner = method(method_name).from_values({"test_steps": 1, "inner_rate": 0.5})
    asked = prepared(small(name))
    support, targets = asked[:3], torch.arange(3)
    plain = model(asked).detach()
    logits = learner.adapt(model, support, targets, WAY)(asked).detach()
    assert logits.shape == (4, WAY)
    assert bool(torch.isfinite(logits).all())
    assert not torch.allclose(logits, plain)
    assert not changed(snapshot(model), before)
    assert torch.equal(model(asked), plain)


@pytest.mark.parametrize("name", TWENTY)
@torch.no_grad()
def test_a_saved_network_is_opened_again(name: str, tmp_path: Path) -> None:
    (tmp_path / "abc").mkdir()
    save_file(
        {key: value.contiguous() for key, value in cut(name).state_dict().items()}, tmp_path / "abc/best.safetensors"
    )
    model = build_backbone(BackboneChoice(name=f"timm/{name}", weights="run:abc"), 5, 0, tmp_path).eval()
    assert model.head.out_features == 5
    assert torch.allclose(model.embed(prepared(small(name))), cut(name).embed(prepared(small(name))), atol=1e-3)


@pytest.mark.parametrize(
    "name", ["convnext_atto", "regnety_002", "resnet18", "vit_tiny_patch16_224", "efficientnet_b0"]
)
@torch.no_grad()
def test_a_chain_can_be_cut_anywhere_and_others_only_before_and_after(name: str) -> None:
    model, image = cut(name), prepared(usual(name))[:1]
    whole = model.embed(image)
    for place in range(len(model.blocks) + 1):
        assert model.cut_at(place) == place
        assert torch.equal(model.embed(model.through(image, 0, place), place), whole)
    other = cut("mixer_s32_224")
    assert [other.cut_at(place) for place in (0, 1, len(other.blocks))] == [0, 0, len(other.blocks)]
    with pytest.raises(ValueError, match="one piece"):
        other.through(prepared(usual("mixer_s32_224")), 0, 1)


@pytest.mark.parametrize("name", ["resnet18", "mixer_s32_224", "mobilevit_xxs"])
def test_the_list_is_what_timm_holds(name: str) -> None:
    from docs import catalogue

    assert listed._network("timm", catalogue.timm_row(name)) == listed.networks()[f"timm/{name}"]


@pytest.mark.parametrize("hub", [False, True])
def test_weights_are_found_where_they_were_fetched_to(
    hub: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the workspace, or in the cache that the hub's own library keeps."""
    monkeypatch.setenv("WARMSTART_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    choice = BackboneChoice(name="timm/resnet18", weights="a1_in1k")
    (one,) = (one for one in catalog.weights(choice.name) if one.name == choice.weights)
    assert one.state == "download"
    file = located.folder_of("timm") / "timm--resnet18.a1_in1k.safetensors"
    if hub:
        file = tmp_path / "hub/models--timm--resnet18.a1_in1k/snapshots/0123abcd/model.safetensors"
    file.parent.mkdir(parents=True)
    state = timm.create_model("resnet18").state_dict()
    save_file(state, file)
    assert {one.state for one in catalog.weights(choice.name) if one.name == choice.weights} == {"on this machine"}
    assert "timm--resnet18.a1_in1k.safetensors" in located.names_here()
    trunk = trunk_weights(choice)
    assert torch.equal(trunk["blocks.layer4.layer4.1.conv2.weight"], state["layer4.1.conv2.weight"])
    assert len(trunk) == len(state) - 2


def test_without_timm_one_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "find_spec", lambda name: None)
    catalog._listed.cache_clear()
    try:
        assert {one.state for one in catalog.weights("timm/resnet18")[1:]} == {"not installed"}
        with pytest.raises(InvalidExperiment, match="not installed") as caught:
            build_backbone(BackboneChoice(name="timm/resnet18"), 3, 0)
        assert "warmstart[timm]" in caught.value.advice
    finally:
        catalog._listed.cache_clear()
