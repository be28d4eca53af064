"""The head that came with weights: what it takes images for, among the classes it was trained to tell apart."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from engine.artifacts.weights import build_backbone, from_published
from engine.backbones import catalog
from engine.backbones.info import Published
from engine.backbones.published import unfilled
from engine.experiment import BackboneChoice
from engine.provenance.seen import RUN, past


def source_head(choice: BackboneChoice, runs: Path) -> nn.Module | None:
    """The whole network [n, c, s, s] -> [n, source classes] of published weights or of a saved run that learnt classes;
    None where no head came with them or its outputs mean nothing. Raises `WeightsError` for a file that is damaged."""
    if choice.weights.startswith(RUN):
        return _of_run(choice.model_copy(update={"head": "kept"}), runs)
    info = catalog.backbone(choice.name)
    one = next((found for found in info.published if found.name == choice.weights), None)
    return from_published(info, one, lambda state: _whole(one, state)) if one is not None else None


def _of_run(choice: BackboneChoice, runs: Path) -> nn.Module | None:
    classes = past(choice, runs).classes
    return build_backbone(choice, len(classes), 0, runs, classes=classes) if classes else None


def _whole(one: Published, state: dict[str, Tensor]) -> nn.Module | None:
    """None where the file holds another network, such as one without a head."""
    with unfilled():  # the state's own tensors become the parameters
        network = one.network()
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError:
        return None
    return network
