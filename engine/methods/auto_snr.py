"""Auto-SNR: only weights whose gradient agrees between batches learn (Lee et al. 2022, arXiv 2210.11466).

Before each epoch, over a few batches, SNR = mean of (mean gradient)^2 / variance over the entries of every weight
tensor; tensors at or above the threshold learn at the full rate, the others wait for the next epoch. With one batch all
agree.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.layers import Measured
from engine.methods.auto_rgn import AutoRGN, AutoRGNHyperparameters
from engine.methods.base import hyper


class AutoSNRHyperparameters(AutoRGNHyperparameters):
    threshold: float = hyper(
        0.95, "Threshold", "Signal-to-noise ratio from which a weight tensor learns.", low=0.0, high=100.0
    )


class AutoSNR(AutoRGN):
    name = "auto_snr"
    title = "Auto-SNR"
    idea = "Train only the weights whose gradients agree between batches, judged anew before every epoch."
    Hyperparameters = AutoSNRHyperparameters
    presets = {"Paper's threshold": {}, "More learns": {"threshold": 0.5}}

    def measured_rates(self, measured: Mapping[str, Measured]) -> dict[str, float]:
        """1 from the threshold on, else 0; the tensor with the clearest signal always learns."""
        clearest = max((found.signal_to_noise for found in measured.values()), default=0.0)
        least = min(self.hyperparameters.threshold, clearest)
        return {name: float(found.signal_to_noise >= least) for name, found in measured.items()}
