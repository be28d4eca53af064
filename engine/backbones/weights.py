"""Builds a backbone and gives it its weights: bundled, torchvision's own, or those of a saved run."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.networks import BLOCKS, random_backbone, resnet18_blocks, squeezenet_blocks, torchvision_network
from engine.errors import WeightsError
from engine.experiment import BackboneChoice
from engine.registry import nearest

_initialising = threading.Lock()  # torch's random state is one for all threads


def build_backbone(
    choice: BackboneChoice, outputs: int | None, seed: int, runs: Path | None = None, pretrained: bool = True
) -> Backbone:
    """The chosen backbone with a fresh head of `outputs` classes, the same for the same seed, channels last in memory
    (on a CPU the convolutions of Conv-4 run about 1.7 times faster so).

    runs: the folder of saved runs, where run:<uid> is looked up. pretrained False leaves the random weights.
    Raises `WeightsError` when the weights are missing, damaged or of another architecture.
    """
    with _initialising, torch.random.fork_rng():
        torch.manual_seed(seed)
        model = random_backbone(choice.name, outputs)
    if pretrained and choice.weights != "random":
        load_trunk(model, trunk_weights(choice, runs), choice)
    return model.to(memory_format=torch.channels_last)


def trunk_weights(choice: BackboneChoice, runs: Path | None = None) -> dict[str, Tensor]:
    """State of the blocks ("blocks.<name>.…") for this choice."""
    if choice.weights.startswith("run:"):
        return _saved_run(choice.weights.removeprefix("run:"), runs)
    known = {info.name: info for info in catalog.weights(choice.name)}
    info = known.get(choice.weights)
    if info is None:
        raise WeightsError(
            f"{catalog.backbone(choice.name).title} has no weights called “{choice.weights}”.",
            nearest(choice.weights, known),
        )
    if info.state == "download":
        raise WeightsError(
            f"The {info.title} weights of {catalog.backbone(choice.name).title} are not on this machine.",
            "Download them in New experiment while online, or choose other weights.",
        )
    return read_trunk(Path(info.file)) if info.state == "bundled" else published_trunk(choice.name)


def _saved_run(uid: str, runs: Path | None) -> dict[str, Tensor]:
    folder = (runs or Path()) / uid
    for file in (folder / "best.safetensors", folder / "last.safetensors"):
        if runs is not None and file.is_file():
            return read_trunk(file)
    raise WeightsError(f"The saved weights of run {uid} are gone.", "Choose other weights or run it again.")


def read_trunk(path: Path) -> dict[str, Tensor]:
    """The blocks' state in a safetensors file, without the head."""
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"The weights file {path.name} cannot be read.", "Restore it or choose others.") from error
    return {key: value for key, value in state.items() if key.startswith("blocks.")}


def published_trunk(name: str) -> dict[str, Tensor]:
    """torchvision's published weights through torchvision's own loader, which finds the local copy in its cache."""
    from torchvision.models import get_model_weights

    try:
        state = get_model_weights(name).IMAGENET1K_V1.get_state_dict(progress=False, weights_only=True)
        network = torchvision_network(name, dict(state))
    except (RuntimeError, OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"The local copy of the {catalog.backbone(name).title} weights is damaged.",
            "Delete it from torchvision's cache folder and download it again.",
        ) from error
    blocks = {"resnet18": resnet18_blocks, "squeezenet1_0": squeezenet_blocks}[name](network)
    return Backbone(blocks, catalog.backbone(name).features, None).trunk_state()


def load_trunk(model: Backbone, state: dict[str, Tensor], choice: BackboneChoice) -> None:
    """Copy the blocks' state into the model; raises `WeightsError` when it belongs to another architecture."""
    own = model.trunk_state()
    wrong = set(own) ^ set(state) or {key for key in own if own[key].shape != state[key].shape}
    if wrong:
        raise WeightsError(
            f"The weights “{choice.weights}” belong to another network than {catalog.backbone(choice.name).title}.",
            "Choose the backbone they were trained with, or other weights.",
        )
    model.load_state_dict(state, strict=False)


assert set(BLOCKS) == {info.name for info in catalog.BACKBONES}
