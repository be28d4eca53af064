"""The picture of the basin: two runs from pretrained weights and two from random ones, each pair on its own plane.

    python -m benchmarks.basin --workspace DIR [--epochs 16] [--side 25] [--images 128] [--classes 20]
        [--picture docs/basin.png]

Data: --classes characters of Glyphs, all their training images; Conv-4, full fine-tuning, seeds 0 and 1. Each plane
goes through where the run of seed 0 began, its result and that of seed 1. Both runs keep their weights along the way:
the dots of their paths. Both planes have one scale of colours.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PySide6.QtWidgets import QApplication

from benchmarks.barrier import STARTS
from benchmarks.measure import machine, measure
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.landscape.asked import Sight, Standpoint
from engine.landscape.grids import LossPlane
from engine.landscape.survey import survey
from engine.landscape.words import plane_words, trail_words
from engine.machine.places import settle
from ui.figures.figure_export import save
from ui.landscape.plane_figure import PlaneFigure

WORDS = dict(zip(STARTS, ("Pretrained", "Random"), strict=True))


def trained(weights: str, seed: int, given: argparse.Namespace) -> Path:
    """The folder of a run, made once."""
    folder = Path(given.workspace) / "runs" / f"{weights}-{seed}"
    experiment = Experiment(
        dataset=DatasetChoice(name="glyphs", classes=given.classes),
        backbone=BackboneChoice(name="conv4", weights=weights),
        method=MethodChoice(name="full_ft", hyperparameters={"epochs": given.epochs}),
        seed=seed, checkpoints="along the way",
    )  # fmt: skip
    if not (folder / "last.safetensors").is_file():
        print(f"{folder.name}: {measure(experiment, folder).value:.1%}", flush=True)
    return folder


def plane_of(weights: str, given: argparse.Namespace) -> LossPlane:
    one, other = (trained(weights, seed, given) for seed in (0, 1))
    places = Standpoint(one, WORDS[weights], start=True), Standpoint(one, "Seed 0"), Standpoint(other, "Seed 1")
    for said in survey(Sight("plane", places, given.images, given.side)):
        if not isinstance(said, Preparing):
            found = said
    assert isinstance(found, LossPlane)
    print(f"{WORDS[weights]}. {plane_words(found)} {trail_words(found)}", flush=True)
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--workspace", type=Path, required=True)
    asked.add_argument("--picture", type=Path, default=Path("docs/basin.png"))
    for name, value in (("epochs", 16), ("side", 25), ("images", 128), ("classes", 20)):
        asked.add_argument(f"--{name}", type=int, default=value)
    given = asked.parse_args()
    settle(given.workspace)
    print(machine())
    application = QApplication([])
    figure = PlaneFigure()
    figure.resize(1000, 480)
    figure.show_planes([plane_of(weights, given) for weights in STARTS], "loss", "test")
    save(figure, given.picture)
    application.quit()


if __name__ == "__main__":
    main()
