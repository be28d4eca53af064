"""The speed benchmark compares like with like: the same photos, the same first weights, complete figures."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import speed_arms
from benchmarks.measure import instructions
from benchmarks.speed import photo, words, write_photos
from engine.artifacts.weights import build_backbone
from engine.experiment import BackboneChoice
from engine.machine.devices import has_bf16


@pytest.fixture
def given(tmp_path: Path) -> Namespace:
    """Photos of two classes, bright and dark, written as the benchmark writes them."""
    draw = np.random.default_rng(0)
    for name, low in (("dark", 0), ("bright", 150)):
        (tmp_path / "all" / name).mkdir(parents=True)
        for index in range(9):
            pixels = draw.integers(low, low + 100, (48, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "all" / name / f"{index}.png")
    write_photos(tmp_path / "all", tmp_path / "written", (4, 2, 3), 2, camera=False)
    flags = ["plain-finetune", "--photos", str(tmp_path / "written"), "--size", "32", "--epochs", "2", "--batch", "4"]
    return speed_arms.arguments().parse_args([*flags, "--workers", "0", "--backbone", "squeezenet1_0"])


def test_photos_are_divided_without_overlap(given: Namespace) -> None:
    names = [
        [file.stem for file in sorted(given.photos.glob(f"{part}/dark/*.jpg"))] for part in ("train", "val", "test")
    ]
    assert [len(part) for part in names] == [4, 2, 3]
    assert len({name for part in names for name in part}) == 9


def test_a_cameras_photo_has_twelve_megapixels() -> None:
    assert photo(Image.new("L", (64, 48)), camera=True).size == (4032, 3024)


def test_the_same_seed_draws_the_same_first_weights(given: Namespace) -> None:
    given.backbone = "resnet18"
    plain = speed_arms.plain_network(given, 2)
    own = build_backbone(BackboneChoice(name="resnet18"), 2, given.seed)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), own.parameters(), strict=True))


@pytest.mark.parametrize("arm", list(speed_arms.ARMS))
def test_every_arm_gives_whole_figures(arm: str, given: Namespace) -> None:
    done = speed_arms.ARMS[arm](given)
    assert done.images == 8
    assert len(done.epochs) == 2
    assert min(done.epochs) > 0
    assert min(done.processor) > 0
    assert done.reading > 0
    assert 0 <= done.accuracy <= 1


def test_the_machine_tells_what_torch_computes_with() -> None:
    """Also of a processor that is limited to AVX2, in a process of its own, as torch looks once: it has no bfloat16."""
    assert (", bfloat16" in instructions()) is has_bf16("cpu")
    assert instructions().partition(",")[0] == torch.backends.cpu.get_cpu_capability()
    code = "from benchmarks.measure import machine; print(machine()['instructions'])"
    limits = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | limits, capture_output=True, text=True)
    assert done.stdout.strip() in ("AVX2", "DEFAULT", torch.backends.cpu.get_cpu_capability())
    assert "bfloat16" not in done.stdout + done.stderr


def test_words() -> None:
    assert words([1.5, 1.25, 2.0]) == "1.50 (1.25-2.00)"
