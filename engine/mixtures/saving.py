"""A mixture as weights of its own: a folder beside the runs' to start from, and the experiment that tests it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress

from torch import Tensor

from engine.artifacts.bookmark import write_tensors
from engine.artifacts.saved import experiment_of
from engine.backbones.backbone import digest
from engine.experiment import Budget, Experiment, MethodChoice
from engine.landscape.corners import Corner, own_weights
from engine.machine.files import write_text
from engine.provenance import in_sight, read_as, seen
from engine.provenance.noted import in_run_folder

NAME = "mix-"  # how the folder of a mixture is called, with a digest of its weights
FILE = "mixed_of.json"


def keep_mixture(
    state: Mapping[str, Tensor], shares: Mapping[str, float], of: Sequence[Corner], sighted: seen.Digests = seen.NOTHING
) -> str:
    """Write a mixture; returns what it is called. shares: of each run by uid, of "start" where the start is in it.
    sighted: digests of the test images whose figures were known when a person chose it; none where validation images
    chose. Of mixtures of the same weights there is one. Raises `StorageError`."""
    last = of[-1]
    folder = last.folder.parent / f"{NAME}{digest(state)[:12]}"
    with in_run_folder(folder):
        folder.mkdir(exist_ok=True)
        write_text(folder / "experiment.json", experiment_of(last.folder).model_dump_json(indent=2) + "\n")
        seen.write(met(of), folder)
        with suppress(FileNotFoundError):
            shutil.copyfile(last.folder / read_as.FILE, folder / read_as.FILE)
        write_text(folder / FILE, json.dumps(dict(shares)) + "\n")
        in_sight.write(sighted, folder)
    write_tensors(state, folder / "best.safetensors")
    return folder.name


def met(of: Sequence[Corner]) -> seen.Past:
    """What all of them have met before, and the classes of their head."""
    pasts = [seen.past(own_weights(one), one.folder.parent) for one in of]
    lessons = {id(lesson): lesson for found in pasts for lesson in found.lessons}
    unknown = next((found.unknown for found in pasts if found.unknown), "")
    return seen.Past(tuple(lessons.values()), of[-1].model.class_names, unknown)


def experiment_of_mixture(name: str, of: Corner) -> Experiment:
    """What tests a kept mixture as its run was tested, and makes a run of it."""
    given = of.model.experiment
    backbone = given.backbone.model_copy(
        update={"weights": f"{seen.RUN}{name}", "head": "kept", "what_it_keeps": "not measured"}
    )
    update = {"backbone": backbone, "method": MethodChoice(name="as_is"), "budget": Budget(), "search": None}
    return given.model_copy(update=update)
