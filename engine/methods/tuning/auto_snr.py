"""Auto-SNR: only weights whose gradient agrees between images learn (Lee et al. 2022, arXiv 2210.11466).

Before each epoch, over up to 256 images in 32 groups and more, SNR = mean of mean(g)^2 / variance(g) over the entries
of every weight tensor, for the gradient g of a training batch; tensors from the threshold on learn at the full rate,
the others wait for the next epoch. The estimate is unbiased, so that noise has SNR 0, and a tensor must also stand out
from noise (`engine.tuning.measured.signal`). The paper takes the variance over examples and so needs other thresholds;
the authors' code takes it over the output channels of one batch's gradient, where noise alone has about 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.layers import Measured
from engine.method import ENCODERS, hyper
from engine.methods.tuning.auto_rgn import AutoRGN, AutoRGNHyperparameters
from engine.tuning.method import of_transformers


class AutoSNRHyperparameters(AutoRGNHyperparameters):
    threshold: float = hyper(
        0.95, "Threshold", "Signal-to-noise ratio of a batch's gradient from which a tensor learns; noise has 0.",
        low=0.0, high=100.0,
    )  # fmt: skip


class AutoSNR(AutoRGN):
    name = "auto_snr"
    order = 90
    title = "Auto-SNR"
    idea = "Train only the weights whose gradients agree between images, judged anew before every epoch."
    Hyperparameters = AutoSNRHyperparameters
    compares_gradients = True
    presets = {
        "Threshold of the authors' code": {}, "More learns": {"threshold": 0.5},
        ENCODERS: of_transformers(1e-4, head=10.0),
    }  # fmt: skip

    def measured_rates(self, measured: Mapping[str, Measured]) -> dict[str, float]:
        """1 from the threshold on where it stands out from noise, else 0; with none, the clearest tensor learns."""
        least = self.hyperparameters.threshold
        passing = {name for name, found in measured.items() if found.stands_out and found.signal_to_noise >= least}
        clearest = max(measured, key=lambda name: measured[name].signal_to_noise, default="")
        return {name: float(name in (passing or {clearest})) for name in measured}
