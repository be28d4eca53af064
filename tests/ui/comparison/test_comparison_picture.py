"""The picture of a comparison, painted without a window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.ui.comparison.saved_runs import ids
from ui.comparison.picture import save_comparison_picture
from ui.comparison.sides import load, load_curves


def test_a_picture_light_and_dark(qapp, saved: dict[str, list[RunRow]], workspace: Workspace, tmp_path: Path) -> None:
    with RunStore(workspace) as store:
        chosen = ids(saved["lp_ft"] + saved["scratch"])
        runs, curves = load(store, chosen), load_curves(store, chosen, "val/accuracy")
    images = []
    for dark in (False, True):
        save_comparison_picture(runs, curves, tmp_path / "picture.png", title="Two ways", dark=dark)
        images.append(QImage(str(tmp_path / "picture.png")))
    light, dark_image = images
    assert light.width() == 2400
    assert light.pixelColor(4, 4).lightness() > 200
    assert dark_image.pixelColor(4, 4).lightness() < 60
    right = {light.pixelColor(x, y).name() for x in range(1200, 2300, 7) for y in range(300, 1000, 7)}
    assert len(right) > 10  # the curves are there, with their bands


def test_one_run_is_no_picture(qapp, saved: dict[str, list[RunRow]], workspace: Workspace, tmp_path: Path) -> None:
    with RunStore(workspace) as store:
        runs = load(store, ids(saved["failed"]))
    with pytest.raises(ValueError, match="at least two runs"):
        save_comparison_picture(runs, {}, tmp_path / "picture.png")
    with RunStore(workspace) as store:
        runs = load(store, ids(saved["lp_ft"]))
    with pytest.raises(OSError, match="nowhere"):
        save_comparison_picture(runs, {}, tmp_path / "nowhere" / "picture.png")
