"""Published weights that an experiment starts from and this machine does not have yet are fetched before the run."""

from __future__ import annotations

from collections.abc import Iterable

from engine.backbones import catalog
from engine.comparison.wording import percent, size
from engine.experiment import Experiment
from engine.registry import method
from ui.terminal.display import Display


def fetch_missing_weights(experiments: Iterable[Experiment], display: Display) -> None:
    """Download each missing file once, telling how far it is; raises `WeightsError` without a network."""
    for backbone in dict.fromkeys(e.backbone.name for e in experiments if misses_weights(e)):
        fetch_with_progress(backbone, display)


def misses_weights(experiment: Experiment) -> bool:
    if not method(experiment.method.name).uses_pretrained:
        return False
    known = {weights.name: weights for weights in catalog.weights(experiment.backbone.name)}
    wanted = known.get(experiment.backbone.weights)
    return wanted is not None and wanted.state == "download"


def fetch_with_progress(backbone: str, display: Display) -> None:
    from engine.backbones.download import fetch

    info = catalog.backbone(backbone)
    missing = next(weights for weights in catalog.weights(backbone) if weights.state == "download")
    said = [0.0]

    def progress(fraction: float) -> None:
        if fraction - said[0] >= 0.25:
            said[0] = fraction
            display.say(f"{info.title}: {percent(fraction)} downloaded")

    display.say(f"Downloading the {missing.title} weights of {info.title} ({size(missing.bytes)}).")
    fetch(backbone, progress)
