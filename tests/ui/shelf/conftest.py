"""A shelf as long as the libraries' lists, and the host that behaves badly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.backbones import shelf
from engine.backbones.shelf import ShelfRow
from tests.bad_server import host
from ui.shelf import weights

__all__ = ["host"]
LONG = 2000


def many_rows(count: int = LONG) -> tuple[ShelfRow, ...]:
    """The real rows, then further ones of an extra that is not installed, with names as long as timm's."""
    real = shelf.rows()
    like = next(row for row in real if row.backbone == "resnet50")
    families = ("convolutional", "transformer", "hybrid", "mixer", "mobile")
    return (*real, *(
        replace(
            like, weights=f"laion2b_ft_in12k_in1k_{n}",
            title=f"net{n}_large_patch{n % 32}_{n % 512}.laion2b_ft_in12k_in1k_{n}", source="timm",
            family=families[n % 5], parameters=1_000_000 + 40_000 * n, bytes=4_000_000 + 160_000 * n,
            state="not installed", needs="timm", trained_on="LAION-2B, then ImageNet-12k and ImageNet-1k",
            licence=("Apache-2.0", "MIT", "CC BY-NC 4.0")[n % 3], stated_by="timm",
        )
        for n in range(count - len(real))
    ))  # fmt: skip


@pytest.fixture
def long_shelf(monkeypatch: pytest.MonkeyPatch) -> tuple[ShelfRow, ...]:
    found = many_rows()
    monkeypatch.setattr(weights, "rows", lambda: found)
    return found
