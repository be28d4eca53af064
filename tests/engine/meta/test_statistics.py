"""Running statistics after meta-training, against means and variances computed by hand."""

from __future__ import annotations

import torch
from torch import nn

from engine.backbones.backbone import Backbone, refresh_statistics


def test_statistics_are_the_average_over_the_batches() -> None:
    torch.manual_seed(0)
    model = Backbone({"norm": nn.BatchNorm2d(2)}, 8, 3).eval()
    batches = [torch.randn(5, 2, 2, 2) + 3, 2 * torch.randn(5, 2, 2, 2)]
    refresh_statistics(model, batches)
    norm = model.block("norm")
    means = torch.stack([b.mean((0, 2, 3)) for b in batches]).mean(0)
    variances = torch.stack([b.var((0, 2, 3), unbiased=True) for b in batches]).mean(0)
    assert torch.allclose(norm.running_mean, means, atol=1e-6)
    assert torch.allclose(norm.running_var, variances, atol=1e-6)
    assert not norm.training
    assert norm.momentum == 0.1
