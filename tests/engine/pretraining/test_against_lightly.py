"""The losses against another library's, where that is installed (`pip install lightly`); it is no part of this program.

Batches at random in float64: what hand values of two rows cannot tell, such as a wrong mean over views.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.pretraining.losses import away, barlow_twins, nt_xent, self_distillation, vicreg

theirs = pytest.importorskip("lightly.loss")

SIZES = [(2, 3), (16, 8), (33, 64)]


def views(rows: int, width: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    draws = torch.Generator().manual_seed(seed)
    first = torch.randn(rows, width, generator=draws, dtype=torch.float64)
    return first, first + 0.5 * torch.randn(rows, width, generator=draws, dtype=torch.float64)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_nt_xent(size: tuple[int, int], temperature: float) -> None:
    a, b = views(*size)
    wanted = float(theirs.NTXentLoss(temperature)(a, b))
    assert float(nt_xent(a, b, temperature)) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("size", SIZES)
def test_cosine(size: tuple[int, int]) -> None:
    a, b = views(*size)
    assert float(away(a, b)) == pytest.approx(float(theirs.NegativeCosineSimilarity()(a, b)), abs=1e-9)


@pytest.mark.parametrize("size", SIZES)
def test_vicreg(size: tuple[int, int]) -> None:
    a, b = views(*size)
    assert float(vicreg(a, b)) == pytest.approx(float(theirs.VICRegLoss()(a, b)), abs=1e-9)


@pytest.mark.parametrize("size", SIZES)
def test_barlow_twins(size: tuple[int, int]) -> None:
    """They add more under the root of the variance: 1e-5 of it."""
    a, b = views(*size)
    assert float(barlow_twins(a, b, 5e-3)) == pytest.approx(float(theirs.BarlowTwinsLoss()(a, b)), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("size", SIZES)
def test_dino(size: tuple[int, int]) -> None:
    """Both ways, of two views; they keep their temperatures in float32."""
    (a, b), (of_a, of_b) = views(*size), views(*size, seed=1)
    loss = theirs.DINOLoss(size[1], teacher_temp=0.04, warmup_teacher_temp=0.04, student_temp=0.1).double()
    wanted = float(loss([of_a, of_b], [a, b]))
    centre = torch.zeros(size[1], dtype=torch.float64)
    own = (self_distillation(a, of_b, centre, 0.1, 0.04) + self_distillation(b, of_a, centre, 0.1, 0.04)) / 2
    assert float(own) == pytest.approx(wanted, rel=1e-6)
