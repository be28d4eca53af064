"""Where a run is, kept in one file of its folder, so that it can go on from there as if it had never ended.

A loop offers its state at places to which it can come back; the file is safetensors with everything else as JSON in its
header, written under another name, synced and renamed, so that it is the old one or the new one, whole. What loads it
runs no code.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.errors import StorageError, is_out_of_memory
from engine.events import RESUME_FILE as FILE
from engine.events import Event, Formulation, ResumePoint, RunStarted
from engine.experiment import Experiment
from engine.machine.choices import Choices
from engine.machine.files import replacing

# Nested dicts with text keys and lists of tensors, arrays, numbers, text, truth values and None.
State = Mapping[str, Any]

FORMAT = 1
LEAST_PAUSE = 2.0  # seconds between two writes
COST = 20  # times a write's own seconds until the next, so that writing takes no more than 5 % of training
BYTES_PER_SECOND = 8e6  # written in the long run at most, for the sake of the disk
TENSOR = "\0tensor"  # key that stands for a tensor in the JSON


class Bookmark:
    """Says when to keep a run's state and keeps it. found: the state that the run goes on from; None at its start.
    step: where that is. choices: what it is computed by, which every state tells."""

    def __init__(
        self, directory: Path | None = None, experiment: Experiment | None = None, choices: Choices | None = None
    ) -> None:
        """Without a directory nothing is ever kept, as in a fit of a search."""
        self._path = None if directory is None else directory / FILE
        self._of = "" if experiment is None else hashlib.sha256(experiment.model_dump_json().encode()).hexdigest()
        self._due = time.monotonic() + LEAST_PAUSE
        self.found: State | None = None
        self.step, self._note = 0, dict[str, Any]()
        self._random: State | None = None
        self.besides: dict[str, Any] = {}  # what every state holds besides what its loop gives
        self.choices = choices or Choices()

    def read(self) -> None:
        """Go on from the file, where there is one; raises `StorageError` when it is damaged or of another run."""
        if self._path is None or not self._path.is_file():
            return
        kept = read_state(self._path)
        if (kept.get("format"), kept.get("of")) != (FORMAT, self._of):
            raise StorageError(
                "What this run was to go on from belongs to another experiment or version.",
                "Go on with the version that began it, or run it again from the start.",
            )
        self.found, self.step, self._note = kept["state"], kept["step"], kept["note"]
        self._random = kept["random"]

    @property
    def note(self) -> Mapping[str, Any]:
        """What was noted at the place that the run goes on from; empty at its start."""
        return self._note

    @property
    def computed_by(self) -> tuple[Formulation, ...]:
        """What the run that goes on was computed by; empty for a new one and those of versions that chose nothing."""
        told = (self.found or {}).get("formulation")
        return () if told is None else (Formulation.heard(told),)

    def draw_on(self) -> None:
        """The generator that layers draw from is as it was: for loops that draw while they are set up."""
        if self._random is not None:
            set_random_state(self._random)

    def require(self, name: str, value: str) -> None:
        """Every state tells this value from now on; raises `StorageError` where the run began with another.

        name: in the plural, such as "images".
        """
        if self.found is not None and self.found.get(name) not in (None, value):
            raise StorageError(
                f"The {name} are not those that this run began with.",
                "Bring those back, or run it again from the start.",
            )
        self.besides[name] = value

    @property
    def due(self) -> bool:
        """Whether `at` would offer a point."""
        return self._path is not None and time.monotonic() >= self._due

    def at(self, step: int, state: Callable[[], State], now: bool = False) -> Iterator[ResumePoint]:
        """A `ResumePoint` if it is time for one, or in any case with `now`. state: called only then; it may hold the
        tensors themselves, which are written before the loop goes on. Everything that was said before is behind it."""
        if not (self.due or (now and self._path is not None)):
            return
        self._due = time.monotonic() + LEAST_PAUSE
        given = {**self.besides, "formulation": self.choices.formulation.told(), **state()}
        random = random_state()
        yield ResumePoint(step, lambda note: self._write(step, given, random, note))

    def _write(self, step: int, state: State, random: State, note: Mapping[str, Any]) -> None:
        assert self._path is not None
        begin = time.monotonic()
        kept = {"format": FORMAT, "of": self._of, "step": step, "note": note, "random": random, "state": state}
        size = write_state(kept, self._path)
        took = time.monotonic() - begin
        self._due = time.monotonic() + max(LEAST_PAUSE, COST * took, size / BYTES_PER_SECOND)

    def started(self, said: Event) -> Event:
        """`RunStarted` with where it goes on from; the generator that layers draw from is now as it was there."""
        if self._random is None or not isinstance(said, RunStarted):
            return said
        self.draw_on()
        return said.resumed(self.step, self._note)

    def once(self, events: Iterable[Event]) -> Iterator[Event]:
        """Carry out what belongs to the start of a run, and say it unless an earlier part of the run has."""
        for event in events:
            if self.found is None:
                yield event

    def remove(self) -> None:
        """The run is at its end: there is nothing to go on to."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def write_state(state: State, path: Path) -> int:
    """Write a nested state; returns its bytes. Raises `StorageError` when the disk refuses."""
    tensors: dict[str, Tensor] = {}
    with _told(path):
        words = json.dumps(_pack(state, tensors))
    write_tensors(tensors, path, {"state": words})
    return sum(value.nbytes for value in tensors.values())


def read_state(path: Path) -> dict[str, Any]:
    """The nested state as it was written, tensors on the CPU; raises `StorageError` for a file that cannot be read, or
    that is none, which is set aside: nobody shall try it again."""
    try:
        with safe_open(path, framework="pt") as file:
            return dict(_unpack(json.loads(file.metadata()["state"]), file.get_tensor))
    except OSError as error:
        raise StorageError(f"{path.name} of this run cannot be read.", "Make it readable, then try again.") from error
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        with suppress(OSError):
            os.replace(path, path.with_suffix(".damaged"))
        raise StorageError(f"{path.name} of this run is damaged.", "Run it again from the start.") from error


def write_tensors(tensors: Mapping[str, Tensor], path: Path, words: Mapping[str, str] | None = None) -> None:
    """Write tensors so that the file is either the old one or the new one, whole, also after a power cut."""
    with _told(path), replacing(path) as part:
        save_file({key: value.contiguous() for key, value in tensors.items()}, part, dict(words or {}))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Raises `StorageError` where the disk or the memory does not suffice."""
    try:
        yield
    except (OSError, SafetensorError, MemoryError, RuntimeError) as error:
        short = is_out_of_memory(error)
        if isinstance(error, RuntimeError) and not short:
            raise
        raise StorageError(
            f"The file {path.name} cannot be written to {path.parent}{' for want of memory' if short else ''}.",
            "Close other programs." if short else "Free some disk space or choose another workspace.",
        ) from error


def _pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The value as JSON can hold it; its tensors go to `tensors`, each with memory of its own."""
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(value)
    if isinstance(value, Tensor):
        key = str(len(tensors))
        tensors[key] = value.detach().to("cpu", copy=True)
        return {TENSOR: key}
    if isinstance(value, Mapping):
        return {_text(key): _pack(inner, tensors) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(inner, tensors) for inner in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _text(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a state has text for keys, not {key!r}")
    return key


def _unpack(value: Any, tensor: Callable[[str], Tensor]) -> Any:
    if isinstance(value, dict):
        if TENSOR in value:
            return tensor(value[TENSOR])
        return {key: _unpack(inner, tensor) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unpack(inner, tensor) for inner in value]
    return value


# What many loops keep


def network_state(model: nn.Module) -> State:
    """Parameters and buffers by name, and the generators that layers draw from."""
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {"tensors": tensors, "draws": {name: generator_state(one) for name, one in _generators(model)}}


@torch.no_grad()
def load_network(model: nn.Module, state: State) -> None:
    """Give the same network the values it had, each in the memory layout that it has now."""
    for name, value in network_state(model)["tensors"].items():
        value.copy_(state["tensors"][name])
    for name, generator in _generators(model):
        load_generator(generator, state["draws"][name])


def _generators(model: nn.Module) -> Iterator[tuple[str, torch.Generator | np.random.Generator]]:
    for path, layer in model.named_modules():
        for name, value in vars(layer).items():
            if isinstance(value, torch.Generator | np.random.Generator):
                yield f"{path}.{name}", value


def random_state() -> State:
    """Of the generators that layers draw from, on every device that is at work."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    return {"cpu": torch.get_rng_state(), "cuda": cuda, "mps": mps}


def set_random_state(state: State) -> None:
    torch.set_rng_state(state["cpu"])
    for device, kept in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(kept, device)
    if state["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])


def optimiser_state(optimiser: torch.optim.Optimizer) -> State:
    """The state of each parameter in order, group by group (None for one that was never stepped)."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    return {"parameters": [dict(optimiser.state[p]) if p in optimiser.state else None for p in parameters]}


def load_optimiser(optimiser: torch.optim.Optimizer, state: State) -> None:
    """Give an optimiser over the same parameters the state it had, each tensor in its parameter's memory layout."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for parameter, kept in zip(parameters, state["parameters"], strict=True):
        if kept is not None:
            optimiser.state[parameter] = {key: _like(value, parameter) for key, value in kept.items()}


def _like(value: object, parameter: Tensor) -> object:
    """Fused optimisers read a moment with its parameter's strides; step counts stay as they are."""
    if not isinstance(value, Tensor) or value.shape != parameter.shape or value.dim() == 0:
        return value.to(parameter.device) if isinstance(value, Tensor) else value
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def generator_state(generator: torch.Generator | np.random.Generator) -> State:
    if isinstance(generator, torch.Generator):
        return {"torch": generator.get_state()}
    return {"numpy": generator.bit_generator.state}


def load_generator(generator: torch.Generator | np.random.Generator, state: State) -> None:
    if isinstance(generator, torch.Generator):
        generator.set_state(state["torch"])
    else:
        generator.bit_generator.state = state["numpy"]
