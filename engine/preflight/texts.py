"""What is wrong where texts are treated as images, or images as texts. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from engine.data.shifts import NAMES, TEXT_KINDS, kinds_of
from engine.data.sources import kind_of
from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.method import Method
from engine.methods.bench.head_bench import INSTEAD, HeadBench

# Settings of a method that change images: what they are left at, and what is said of another value.
OF_IMAGES = {
    "augmentation": ("none", "Augmentation changes images", "Set it to none."),
    "mixup": (0, "Mixup blends images", "Set it to 0."),
    "rotations": ("off", "Quarter turns are of images", "Switch them off."),
}


def kind_faults(experiment: Experiment, built: Method | None) -> Iterator[InvalidExperiment]:
    """Every fault."""
    kind = kind_of(experiment.dataset)
    yield from _shifts(experiment, kind)
    if kind == "texts" and built is not None:
        yield from _method(built)
    if isinstance(built, HeadBench) and built.alone is not None and INSTEAD[built.alone.title] != kind:
        has = "Words are counted in texts" if built.alone.of_texts else "Pixels are of images"
        yield InvalidExperiment(f"{has}, and these are {kind}.", "Choose another head.", "hyperparameters.heads")


def _shifts(experiment: Experiment, kind: str) -> Iterator[InvalidExperiment]:
    choice, fitting = experiment.dataset, kinds_of(kind)
    asked = [*([choice.shift] if choice.shift else []), *choice.tested_on]
    for shift in asked:
        if shift.kind not in fitting:
            of, these = ("texts", "images") if shift.kind in TEXT_KINDS else ("images", "texts")
            yield InvalidExperiment(
                f"The shift “{NAMES[shift.kind].lower()}” is of {of}, and these are {these}.",
                f"Choose one of: {', '.join(fitting)}.", "dataset",
            )  # fmt: skip
            return


def _method(built: Method) -> Iterator[InvalidExperiment]:
    for name, (without, words, advice) in OF_IMAGES.items():
        value = getattr(built.hyperparameters, name, without)
        if value not in (without, "as the data says"):
            yield InvalidExperiment(f"{words}, and these are texts.", advice, f"hyperparameters.{name}")
