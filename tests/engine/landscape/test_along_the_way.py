"""Weights along the way: they change nothing of a run, are those of their epochs, and are its path on a plane."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.artifacts.weights import read_weights, step_of
from engine.events import CheckpointSaved, Metrics, RunFailed
from engine.execute import execute
from engine.experiment import Budget, DatasetChoice, Experiment, Kept, MethodChoice
from engine.families import FAMILIES
from engine.landscape.corners import begun, ended
from engine.landscape.frames import ThroughThree
from engine.landscape.trails import trail
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.registry import build_method, method, methods
from engine.tuning.method import FineTuneMethod
from engine.tuning.way import kept_epochs

RECIPES = {
    "full_ft": {"epochs": 3}, "scratch": {"epochs": 4, "ema": 0.9}, "lp_ft": {"probe_epochs": 3, "epochs": 2},
    "lora": {"epochs": 2}, "linear_probe": {"epochs": 4},
}  # fmt: skip
Worked = tuple[Path, list[object]]


def experiment(recipe: str, photos: Path, kept: Kept = "along the way") -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="folder", path=str(photos)), checkpoints=kept,
        method=MethodChoice(name=recipe, hyperparameters={**RECIPES[recipe], "tested": "last epoch"}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def worked(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Kept], Worked]:
    workspace, done = tmp_path_factory.mktemp("ways"), dict[tuple[str, Kept], Worked]()

    def of(recipe: str, kept: Kept) -> Worked:
        if (recipe, kept) not in done:
            folder = workspace / f"{recipe} {kept[:4]}"
            events: list[object] = list(execute(experiment(recipe, photos, kept), folder))
            assert not [event for event in events if isinstance(event, RunFailed)]
            done[recipe, kept] = folder, events
        return done[recipe, kept]

    return of


def method_of(one: Experiment) -> FineTuneMethod:
    built = build_method(one)
    assert isinstance(built, FineTuneMethod)
    return built


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_run_is_the_same_to_the_last_bit(recipe: str, worked: Callable[[str, Kept], Worked]) -> None:
    (plain, before), (along, after) = worked(recipe, "best and last"), worked(recipe, "along the way")
    for name in ("best.safetensors", "last.safetensors"):
        assert (plain / name).read_bytes() == (along / name).read_bytes()
    losses = [[event.values for event in events if isinstance(event, Metrics)] for events in (before, after)]
    assert [values.get("val/loss") for values in losses[0]] == [values.get("val/loss") for values in losses[1]]
    assert not list(plain.glob("epoch-*"))


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_files_are_those_that_were_announced(
    recipe: str, photos: Path, worked: Callable[[str, Kept], Worked]
) -> None:
    """Powers of two within each stage; the one of the last epoch is what was tested last."""
    folder, events = worked(recipe, "along the way")
    chosen = method_of(experiment(recipe, photos))
    epochs = kept_epochs(chosen)
    assert epochs == {"lp_ft": [1, 2, 4, 5], "scratch": [1, 2, 4], "linear_probe": [1, 2, 4]}.get(recipe, [1, 2])
    assert {file.name for file in folder.glob("epoch-*")} == {f"epoch-{epoch}.safetensors" for epoch in epochs}
    said = [event for event in events if isinstance(event, CheckpointSaved) and event.kind.startswith("epoch")]
    assert [step_of(folder / one.path) for one in said] == [one.step for one in said]
    if chosen.epochs in epochs:
        last, same = load_file(folder / "last.safetensors"), load_file(folder / f"epoch-{chosen.epochs}.safetensors")
        assert all(torch.equal(last[key], same[key]) for key in last)


def test_what_is_kept_is_no_part_of_what_is_run(photos: Path) -> None:
    plain, along = experiment("full_ft", photos, "best and last"), experiment("full_ft", photos)
    assert plain.configuration() == along.configuration()
    assert plain.group_hash() == along.group_hash()
    assert "checkpoints" not in plain.model_dump_json()
    assert Experiment.model_validate_json(along.model_dump_json()) == along


def test_the_path_on_a_plane(worked: Callable[[str, Kept], Worked]) -> None:
    """In the order of epochs, each place by its own weights; what two names have in common is one place."""
    folder, _ = worked("full_ft", "along the way")
    other, _ = worked("lp_ft", "along the way")
    corner, third = ended(folder, "A"), ended(other, "B")
    frame = ThroughThree([begun(corner, "start"), corner, third])
    found = trail(corner, frame)
    assert found is not None
    steps = [name for name in found.names if name.startswith("epoch")]
    assert steps == sorted(steps, key=lambda name: int(name.split()[1]))
    assert steps
    assert found.names[0] == "start"
    assert found.names[-1] == "last epoch"
    for name, place, off in zip(found.names, found.places, found.off, strict=True):
        if name.startswith("epoch"):
            x, y, away = frame.seen(read_weights(folder / f"{name.replace(' ', '-')}.safetensors"))
            assert (x, y, away) == pytest.approx((*place, off))


def test_what_comes_after_the_last_epoch_is_none_of_the_path(
    worked: Callable[[str, Kept], Worked], tmp_path: Path
) -> None:
    """A run that went back and was stopped before leaves a file of a time that is gone."""
    folder, _ = worked("full_ft", "along the way")
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    shutil.copy(copy / "epoch-1.safetensors", copy / "last.safetensors")
    corner, third = ended(copy, "A"), ended(worked("lp_ft", "along the way")[0], "B")
    frame = ThroughThree([begun(corner, "start"), corner, third])
    found = trail(corner, frame)
    assert found is not None
    assert "epoch 2" not in found.names
    np.testing.assert_allclose(found.places[-1], frame.places[1], atol=1e-6)


def test_files_that_do_not_tell_their_step(worked: Callable[[str, Kept], Worked], tmp_path: Path) -> None:
    """Earlier versions wrote none: the best, then the last."""
    from safetensors.torch import save_file

    folder = Path(shutil.copytree(worked("scratch", "best and last")[0], tmp_path / "old"))
    for name in ("best", "last"):
        file = folder / f"{name}.safetensors"
        state = load_file(file)
        save_file({key: value + (name == "best") for key, value in state.items()}, file)
    corner, third = ended(folder, "A"), ended(worked("lp_ft", "along the way")[0], "B")
    found = trail(corner, ThroughThree([begun(corner, "start"), corner, third]))
    assert found is not None
    assert found.names == ("start", "best epoch", "last epoch")


@pytest.mark.parametrize("name", [one.name for one in methods()])
def test_only_what_keeps_them_may_be_asked(name: str) -> None:
    asked = Experiment(method=MethodChoice(name=name), checkpoints="along the way")
    refused = any(fault.field == "checkpoints" for fault in problems(asked))
    assert refused != FAMILIES[method(name).family].along


def test_what_they_take_is_said_before(photos: Path) -> None:
    """Conv-4 with 4 classes: 4 bytes of each of its parameters, twice."""
    one = experiment("full_ft", photos)
    cost = estimate(one)
    octets = 2 * 4 * cost.parameters
    assert octets < 1e6
    assert cost.remark == f"Weights along the way take {octets / 1e3:.0f} kB of disk (2 files)."
    endless = one.model_copy(update={"budget": Budget(minutes=1, instead_of_epochs=True)})
    assert "each: after epochs 1, 2, 4, 8" in estimate(endless).remark
    assert not estimate(one.model_copy(update={"checkpoints": "best and last"})).remark
