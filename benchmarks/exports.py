"""Exports of every kind, run in a fresh environment that holds onnxruntime, NumPy and Pillow alone.

    python -m benchmarks.exports --photos FOLDER [--only NAME …] [--images 200] [--workspace DIR]

FOLDER has one folder of photos for each class. Each run is trained for one epoch, or ten meta-steps, on a few of them:
what is compared is the graph and predict.py with the program, not how good a network is. Weights are those that come
with the program, random where none do. The images are photos, and some of them saved as turned, grey, palette, 16-bit
and transparent files.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.measure import machine, save
from engine.artifacts.saved import SavedModel
from engine.data.files.loose import LooseImages
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.export.job import ExportJob
from engine.export.material import material
from engine.export.process import run_export

NEEDED = ("onnxruntime", "numpy", "pillow")
EACH, SHOWN, ODD = 16, 4, 5  # photos of a class to train on, of a class by example, and kinds of odd files
NETWORKS = ("conv4", "resnet_small", "resnet18", "squeezenet1_0", "convnext_tiny", "vit_b_16", "efficientnet_lite0")
META = {"steps": 10, "validation_episodes": 10, "test_episodes": 10, "validate_every": 5}
ASKED = """\
import sys
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, sys.argv[1])
from reading import read

session = onnxruntime.InferenceSession(Path(sys.argv[1]) / "model.onnx", providers=["CPUExecutionProvider"])
paths = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
pixels = np.stack([read(path) for path in paths])
parts = [session.run(["logits"], {"images": pixels[start : start + 16]})[0] for start in range(0, len(pixels), 16)]
np.savez(sys.argv[3], pixels=pixels, logits=np.concatenate(parts))
"""


def runs(photos: Path) -> Iterator[tuple[str, Experiment]]:
    data = DatasetChoice.model_validate({"name": "folder", "path": str(photos), "labels_per_class": 2})
    for name in NETWORKS:
        yield name, of(data, name, "linear_probe", epochs=1)
    yield "squeezenet1_0, LoRA", of(data, "squeezenet1_0", "lora", epochs=1)
    for method in ("protonet", "ridge"):
        yield method, of(DatasetChoice(), "conv4", method, **META)


def of(data: DatasetChoice, network: str, method: str, **values: object) -> Experiment:
    from engine.backbones import catalog

    here = [one.name for one in catalog.weights(network) if one.here and one.kind != "random"]
    choice = BackboneChoice(name=network, weights=here[0] if here else "random")
    return Experiment(dataset=data, backbone=choice, method=MethodChoice(name=method, hyperparameters=values))


def few(photos: Path, into: Path, each: int) -> Path:
    """So many photos of each class, in folders of their own."""
    for folder in sorted(one for one in photos.iterdir() if one.is_dir()):
        (into / folder.name).mkdir(parents=True, exist_ok=True)
        for file in sorted(folder.iterdir())[:each]:
            shutil.copy(file, into / folder.name)
    return into


def shown(photos: Path, into: Path, count: int) -> list[Path]:
    """Photos that no run met, every tenth of them saved as one of the odd kinds."""
    into.mkdir(exist_ok=True)
    files = [one for folder in sorted(photos.iterdir()) if folder.is_dir() for one in sorted(folder.iterdir())[EACH:]]
    chosen = [files[place] for place in np.random.default_rng(0).permutation(len(files))[:count]]
    return [odd(file, into, index // 10) if index % 10 == 0 else file for index, file in enumerate(chosen)]


def odd(file: Path, into: Path, number: int) -> Path:
    image, path = Image.open(file).convert("RGB"), into / f"{file.stem}-{number}"
    kind = number % ODD
    if kind == 0:
        exif = Image.Exif()
        exif[0x0112] = 1 + number % 8
        image.save(path := path.with_suffix(".jpg"), exif=exif)
    elif kind == 1:
        image.convert("L").save(path := path.with_suffix(".png"))
    elif kind == 2:
        image.quantize(64).save(path := path.with_suffix(".gif"))
    elif kind == 3:
        deep = np.asarray(image.convert("L")).astype(np.uint16) * 200
        Image.fromarray(deep).save(path := path.with_suffix(".png"))
    else:
        image.putalpha(image.convert("L"))
        image.save(path := path.with_suffix(".png"))
    return path


def environment(folder: Path, needed: Sequence[str] = NEEDED) -> Path:
    """The Python of a new environment, and nothing in it but what is needed."""
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *needed], check=True)
    return python


def compared(run: Path, folder: Path, classes: Path | None, files: Sequence[Path], python: Path) -> dict[str, object]:
    """The fresh environment beside the program, from the files to the answers."""
    (run / "ask.py").write_text(ASKED, encoding="utf-8")
    (run / "files.txt").write_text("\n".join(map(str, files)), encoding="utf-8")
    words = [python, run / "ask.py", folder, run / "files.txt", run / "found.npz"]
    subprocess.run(words, check=True, env={"PATH": "/nowhere"}, cwd=run)
    there = np.load(run / "found.npz")
    of_run = material(SavedModel.open(run), classes)
    with LooseImages(files, of_run.model.read_as) as images:
        pixels = np.stack([images.read([place], of_run.form)[0] for place in range(len(files))])
    logits = programs(of_run, pixels)
    return {
        "pixels equal": bool(np.array_equal(pixels, there["pixels"])),
        "difference": float(np.abs(logits - there["logits"]).max() / np.ptp(logits)),
        "same answers": int((logits.argmax(1) == there["logits"].argmax(1)).sum()),
    }


@torch.no_grad()
def programs(of_run: object, pixels: np.ndarray) -> np.ndarray:
    from engine.export.agreement import programs as said

    return np.concatenate([said(of_run, pixels[start : start + 64])["logits"] for start in range(0, len(pixels), 64)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    work = given.workspace.absolute() / "exports"
    shutil.rmtree(work, ignore_errors=True)
    photos, classes = few(given.photos, work / "photos", EACH), few(given.photos, work / "classes", SHOWN)
    files = shown(given.photos, work / "odd", given.images)
    python, rows = environment(given.workspace.absolute() / "fresh"), []
    print(f"{machine()}, {len(files)} images")
    for name, experiment in runs(photos):
        if given.only and name not in given.only:
            continue
        run, folder = work / name, work / f"{name} exported"
        *_, last = execute(experiment, run)
        assert type(last).__name__ == "RunFinished", last
        shots = classes if experiment.method.name in ("protonet", "ridge") else None
        begun = time.monotonic()
        checked = run_export(ExportJob(run, name, experiment, classes=shots), folder, lambda *_: None, lambda: False)
        seconds = time.monotonic() - begun
        found = compared(run, folder, shots, files, python)
        size = (folder / "model.onnx").stat().st_size
        rows.append({"name": name, "weights": experiment.backbone.weights, "seconds": seconds, "bytes": size, **found})
        print(
            f"{name:22} {experiment.backbone.weights:12} {size / 1e6:7.1f} MB {seconds:6.0f} s  pixels equal: "
            f"{found['pixels equal']}  {found['same answers']} of {len(files)} same, by {found['difference']:.1e}"
            f"  (its own check: {checked.same} of {checked.images}, {checked.difference:.1e})", flush=True,
        )  # fmt: skip
        save("exports", rows, given.workspace)


if __name__ == "__main__":
    main()
