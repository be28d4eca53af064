"""Features are those of the frozen network, embedded once, and a damaged or missing cache only costs time."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.artifacts.weights import build_backbone
from engine.bench import features
from engine.bench.features import FeatureKind, cache_folder, embedded
from engine.data.images import ImageSet
from engine.data.sources import load
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, Shift
from engine.machine.files import trim

CONV4 = BackboneChoice(weights="omniglot-supervised")
IDS = np.array([5, 0, 17, 3])


@pytest.fixture
def digits() -> ImageSet:
    return load(DatasetChoice(name="digits"))


def drain(work: Generator[Preparing, None, Any]) -> tuple[np.ndarray, int]:
    """(features, how often it said that it prepares)."""
    said = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value, said
        said += 1


def kind(tmp_path: Path, **more: Any) -> FeatureKind:
    return FeatureKind(more.pop("backbone", CONV4), tmp_path / "runs", **more)


def test_features_are_what_the_frozen_network_gives(digits: ImageSet, tmp_path: Path) -> None:
    found, _ = drain(embedded(digits, IDS, kind(tmp_path)))
    model = build_backbone(CONV4, None, 0).eval()
    pixels = torch.from_numpy(digits.pixels(IDS, 28, 1).transpose(0, 3, 1, 2) / 255.0).float()
    with torch.no_grad():
        expected = model.embed(pixels.contiguous(memory_format=torch.channels_last)).numpy()
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-6)
    assert torch.is_grad_enabled()


def test_an_image_is_embedded_once(digits: ImageSet, tmp_path: Path) -> None:
    first, said = drain(embedded(digits, IDS, kind(tmp_path)))
    assert said > 0
    again, said = drain(embedded(digits, IDS[::-1], kind(tmp_path)))
    assert said == 0
    assert (again == first[::-1]).all()
    more, _ = drain(embedded(digits, np.array([3, 40]), kind(tmp_path)))
    assert (more[0] == first[3]).all()
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 1


def test_a_pass_that_is_cut_off_goes_on(digits: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.arange(150)
    expected, _ = drain(embedded(digits, ids, kind(tmp_path / "whole")))
    monkeypatch.setattr(features, "KEEP_EVERY", 0.0)
    monkeypatch.setattr(features, "COST", 0)
    begun = embedded(digits, ids, kind(tmp_path / "cut"))
    for _ in range(3):  # said before the first 64 images, before them once more, and before the next
        next(begun)
    begun.close()
    found, said = drain(embedded(digits, ids, kind(tmp_path / "cut")))
    assert said == 1 + 2
    assert np.array_equal(found, expected)


def test_other_weights_sizes_shifts_and_precisions_are_kept_apart(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "abc"
    run.mkdir(parents=True)
    (run / "best.safetensors").write_bytes(b"weights")
    own = BackboneChoice(weights="run:abc")
    kinds = [
        kind(tmp_path), kind(tmp_path, precision="bfloat16"), kind(tmp_path, shift=Shift(kind="noise")),
        kind(tmp_path, backbone=BackboneChoice(weights="omniglot-protonet")), kind(tmp_path, backbone=own),
        kind(tmp_path, backbone=CONV4.model_copy(update={"image_size": 32})),
        kind(tmp_path, backbone=BackboneChoice()), kind(tmp_path, backbone=BackboneChoice(), seed=1),
    ]  # fmt: skip
    files = {one.file for one in kinds}
    assert len(files) == len(kinds)
    os.utime(run / "best.safetensors", (1, 1))
    assert kind(tmp_path, backbone=own).file in files, "a copied workspace"
    (run / "best.safetensors").write_bytes(b"others")
    assert kind(tmp_path, backbone=own).file not in files


def test_a_shift_changes_the_features(digits: ImageSet, tmp_path: Path) -> None:
    plain, _ = drain(embedded(digits, IDS, kind(tmp_path)))
    noisy, _ = drain(embedded(digits, IDS, kind(tmp_path, shift=Shift(kind="noise", severity=5))))
    assert np.abs(plain - noisy).max() > 0.01


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", None], ids=["empty", "rubbish", "flipped"])
def test_a_damaged_file_is_computed_again(digits: ImageSet, tmp_path: Path, damage: bytes | None) -> None:
    first, _ = drain(embedded(digits, IDS, kind(tmp_path)))
    (file,) = (tmp_path / "cache" / "features").iterdir()
    body = bytearray(file.read_bytes())
    body[-400] ^= 255
    file.write_bytes(bytes(body) if damage is None else damage)
    again, said = drain(embedded(digits, IDS, kind(tmp_path)))
    assert said > 0
    assert (again == first).all()
    assert drain(embedded(digits, IDS, kind(tmp_path)))[1] == 0


def test_a_cache_that_cannot_be_written_is_done_without(digits: ImageSet, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    for _ in range(2):
        found, said = drain(embedded(digits, IDS, kind(tmp_path)))
        assert found.shape == (4, 64)
        assert said > 0


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    for age, name in enumerate(("new.npz", "middle.npz", "old.npz")):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    trim(tmp_path, tmp_path / "old.npz", 250)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["new.npz", "old.npz"]


def test_the_limit_is_kept_when_features_are_written(
    digits: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cache_folder(tmp_path / "runs")
    folder.mkdir(parents=True)
    (folder / "old.npz").write_bytes(bytes(5000))
    os.utime(folder / "old.npz", (1, 1))
    monkeypatch.setattr(features, "MOST_BYTES", 5000)
    drain(embedded(digits, IDS, kind(tmp_path)))
    assert [file.name.split("-")[0] for file in folder.iterdir()] == [digits.fingerprint]
