"""How well a network still tells the classes of the run it started from: by the old head, and by a fresh probe.

The old head on the new trunk is what “it forgot” means to a user. A fresh probe on the same trunk tells whether the
knowledge is gone or only the head no longer fits. Nothing learns here but the probe, and no random number is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.backbones.backbone import Backbone, digest
from engine.comparison.intervals import Interval, paired_share_interval, wilson
from engine.comparison.wording import percent
from engine.events import Evaluated
from engine.forgetting.source import SourceRun
from engine.heads.head import scores
from engine.heads.ridge import Ridge
from engine.metrics import FORGOTTEN, FRESH_PROBE, OLD_HEAD, SOURCE
from engine.preparation.inputs import Labelled, normaliser

TOGETHER = 64  # images at a time, as in a run's own test
BATCH_NORM = "running statistics, as the run left them"
PAIRED = "95 %, Bonett and Price, paired over the same test images"
Right = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class StillKnown:
    """Of each test image of the source, whether it is told right, bool [n], by each of `READERS`."""

    right: Mapping[str, Right]

    @property
    def values(self) -> dict[str, float]:
        """As curves have them: {"source/old head": 0.81, …}."""
        return {SOURCE + reader: float(right.mean()) for reader, right in self.right.items()}


def forgotten(before: StillKnown, after: StillKnown, reader: str) -> Interval:
    """Points lost as a fraction, before minus after, paired over the images; below 0 where more is told right."""
    return paired_share_interval(before.right[reader], after.right[reader])


class SourceWatch:
    """Measures a network that changes against what its source knew, in float32. before: the source as it was saved."""

    def __init__(self, source: SourceRun) -> None:
        self.source = source
        self._trunk = ""  # digest of the one that was measured last
        self.before = self.measure(source.network)

    def measure(self, model: Backbone) -> StillKnown:
        """Of a trunk that has not changed since, as it was found then. The model is left in eval mode; its own head is
        not asked."""
        trunk = digest(model.trunk_state())
        if trunk != self._trunk:
            self._trunk, self._last = trunk, self._measured(model)
        return self._last

    @torch.no_grad()
    def _measured(self, model: Backbone) -> StillKnown:
        test, probe = self._features(model, self.source.test), self._features(model, self.source.probe)
        truth, labels = (one.labels.cpu().numpy() for one in (self.source.test, self.source.probe))
        answers = {OLD_HEAD: self.source.network.head(test).argmax(1).cpu().numpy()}
        told = scores(Ridge(), probe.cpu().numpy(), labels, len(self.source.classes), test.cpu().numpy())
        answers[FRESH_PROBE] = told.argmax(1)
        return StillKnown({reader: found == truth for reader, found in answers.items()})

    def _features(self, model: Backbone, labelled: Labelled) -> Tensor:
        """[n, d], batch norm by its running statistics."""
        model.eval()
        shape, found = normaliser(self.source.experiment.backbone), []
        for start in range(0, len(labelled), TOGETHER):
            found.append(model.embed(shape(labelled.inputs[start : start + TOGETHER])))
        return torch.cat(found)

    def figures(self, model: Backbone) -> Iterator[Evaluated]:
        """What the tested network still knows, and what that has cost, in points."""
        after = self.measure(model)
        for reader, right in after.right.items():
            before = percent(float(self.before.right[reader].mean()))
            share, lost = wilson(int(right.sum()), len(right)), forgotten(self.before, after, reader)
            said = {"test images of the source": self.source.words, "batch norm": BATCH_NORM, "before": before}
            yield figure(SOURCE + reader, share, said | {"interval": "95 % Wilson, over test images"})
            yield figure(FORGOTTEN + reader, lost, said | {"interval": PAIRED})


def figure(metric: str, found: Interval, notes: dict[str, str]) -> Evaluated:
    return Evaluated(metric, found.value, found.low, found.high, found.n, "images", notes=notes)
