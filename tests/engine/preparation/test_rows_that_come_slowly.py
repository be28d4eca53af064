"""Images that come slowly are told once in a run, and the run goes on."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.files.folder import FilePixels
from engine.events import Notice, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine import memory
from engine.preparation import rows


@pytest.mark.parametrize("room", ["", "0"])
def test_a_run_on_a_slow_drive_says_so_once_and_ends_as_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    """Held in memory or streamed: each file takes 2 ms, where a tenth of that counts as slow."""
    draws = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for place in range(8):
            pixels = draws.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{place}.png")
    read = FilePixels.image

    def slowly(self: FilePixels, *more: int) -> Image.Image:
        time.sleep(0.002)
        return read(self, *more)

    if room:
        monkeypatch.setenv(memory.VARIABLE, room)
    experiment = Experiment(
        dataset=DatasetChoice(name="folder", path=str(tmp_path / "photos")),
        backbone=BackboneChoice(name="conv4", image_size=16),
        method=MethodChoice(name="linear_probe", hyperparameters={"epochs": 2}),
    )
    quick = list(execute(experiment, tmp_path / "quick"))
    assert not any(isinstance(event, Notice) and "come slowly" in event.text for event in quick)
    monkeypatch.setenv("WARMSTART_CACHE", str(tmp_path / "empty"))  # else the rows that were decoded are read
    monkeypatch.setattr(FilePixels, "image", slowly)
    monkeypatch.setattr(rows, "SLOW", 0.0002)
    monkeypatch.setattr("engine.data.images.KEPT_BYTES", 0)
    monkeypatch.setattr("engine.data.sources._kept", {})
    events = list(execute(experiment, tmp_path / "run"))
    told = [event.text for event in events if isinstance(event, Notice) and "come slowly" in event.text]
    assert told == [rows.WORDS.format(title="photos")]
    assert isinstance(events[-1], RunFinished)
