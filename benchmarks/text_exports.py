"""Exports of texts of every kind, run in a fresh environment that holds onnxruntime, NumPy and tokenizers alone.

    python -m benchmarks.text_exports --texts FOLDER [--only NAME …] [--shown 200] [--pt2] [--workspace DIR]

FOLDER is HWU64 as its makers give it (train.csv, test.csv). Each run is trained for one epoch, or a few meta-steps, on
24 of its classes: what is compared is the graph and reading.py with the program, not how good a network is. What is
asked are its test texts, and some that are very long, of other scripts or with odd letters.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.exports import environment, programs
from benchmarks.measure import machine, save
from engine.artifacts.saved import SavedModel
from engine.backbones.own.bringing import keep, look
from engine.data.files.loose_texts import LooseTexts
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.export.job import ExportJob
from engine.export.kinds import takes_classes
from engine.export.material import material
from engine.export.process import run_export
from engine.registry import method
from engine.texts import minilm

NEEDED = ("onnxruntime", "numpy", "tokenizers")
CLASSES, EACH = 24, 2
MINILM = BackboneChoice(name="minilm", weights="sentences")
ODD = (
    "word " * 2000, "😀 👩‍👩‍👧 rain", "שלום עולם", "مرحبا", "a\0b c", "two\r\nlines", "Ünïcode Ça va? 東京", "=1+1",
    "x",
)  # fmt: skip
META = {
    "way": 3, "shot": 2, "query": 3, "training_way": 3, "steps": 2, "validation_episodes": 10, "test_episodes": 10,
}  # fmt: skip
ASKED = """\
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, sys.argv[1])
from reading import rows

session = onnxruntime.InferenceSession(Path(sys.argv[1]) / "model.onnx", providers=["CPUExecutionProvider"])
asked = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
pieces = [rows([text]) for text in asked]
said = [session.run([sys.argv[4]], {"pieces": one})[0][0] for one in pieces]
np.savez(sys.argv[3], said=np.stack(said), **{f"p{place}": one[0] for place, one in enumerate(pieces)})
"""


def runs(texts: Path) -> Iterator[tuple[str, Experiment]]:
    """Of each network and of each way to answer, at least one."""
    brought = keep(look(Path(str(minilm.file())).parent), insist=True)
    own = BackboneChoice(name=brought.backbone, weights=brought.name)
    begun = [
        ("minilm, linear probe", MINILM, "linear_probe"), ("minilm, LoRA", MINILM, "lora"),
        ("minilm, protonet", MINILM, "protonet"), ("own BERT, linear probe", own, "linear_probe"),
        *((f"transformer, {name}", BackboneChoice(name="text_transformer"), name)
          for name in ("scratch", "protonet", "ridge", "maml")),
        *((f"BiLSTM, {name}", BackboneChoice(name="text_bilstm"), name) for name in ("scratch", "protonet")),
    ]  # fmt: skip
    data = DatasetChoice.model_validate({"name": "texts", "path": str(texts), "classes": CLASSES})
    for title, backbone, name in begun:
        few = {"labels_per_class": EACH} if name in ("linear_probe", "lora", "scratch") else {}
        yield title, Experiment(
            dataset=data.model_copy(update=few), backbone=backbone,
            method=MethodChoice(name=name, hyperparameters=values(name)),
        )  # fmt: skip


def values(name: str) -> dict[str, object]:
    if name not in ("protonet", "ridge", "maml"):
        return {"epochs": 1}
    return {key: META[key] for key in META if key in method(name).Hyperparameters.model_fields}


def shown(texts: Path, count: int) -> list[str]:
    """Test texts, and odd ones behind them."""
    with (texts / "test.csv").open(encoding="utf-8", newline="") as file:
        found = [row["text"] for row in csv.DictReader(file)]
    return [found[place] for place in np.random.default_rng(0).permutation(len(found))[: count - len(ODD)]] + [*ODD]


def examples(texts: Path, into: Path) -> Path:
    """A table of a few texts of each of three classes."""
    with (texts / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    chosen = list(dict.fromkeys(label for _, label in rows))[:3]
    kept = [row for label in chosen for row in [one for one in rows if one[1] == label][:4]]
    with into.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *kept])
    return into


def compared(run: Path, folder: Path, classes: Path | None, texts: Sequence[str], python: Path) -> dict[str, object]:
    """The fresh environment beside the program, from the texts to the answers."""
    of_run = material(SavedModel.open(run), classes)
    output = "features" if of_run.kind == "encoder" else "logits"
    (run / "ask.py").write_text(ASKED, encoding="utf-8")
    (run / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    words = [python, run / "ask.py", folder, run / "texts.json", run / "found.npz", output]
    subprocess.run(words, check=True, env={"PATH": "/nowhere"}, cwd=run)
    there = np.load(run / "found.npz")
    handed = LooseTexts.held(texts)
    rows = [handed.read([place], of_run.form)[0] for place in range(len(texts))]
    equal = all(
        np.array_equal(np.trim_zeros(row, "b"), np.trim_zeros(there[f"p{place}"], "b"))
        for place, row in enumerate(rows) if not isinstance(row, str)
    )  # fmt: skip
    ours = said(of_run, np.stack(rows), output)
    return {
        "pieces equal": equal, "difference": float(np.abs(ours - there["said"]).max() / np.ptp(ours)),
        "same answers": int((ours.argmax(1) == there["said"].argmax(1)).sum()),
    }  # fmt: skip


def said(of_run: object, rows: np.ndarray, output: str) -> np.ndarray:
    from engine.export.agreement import programs as both

    return programs(of_run, rows) if output == "logits" else both(of_run, rows)[output]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--shown", type=int, default=200)
    parser.add_argument("--pt2", action="store_true")
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-benchmarks"))
    given = parser.parse_args()
    work = given.workspace.absolute() / "text exports"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    few, texts = examples(given.texts, work / "few.csv"), shown(given.texts, given.shown)
    python, rows = environment(given.workspace.absolute() / "fresh for texts", NEEDED), []
    print(f"{machine()}, {len(texts)} texts")
    for name, experiment in runs(given.texts):
        if given.only and name not in given.only:
            continue
        run, folder = work / name, work / f"{name} exported"
        *_, last = execute(experiment, run)
        assert type(last).__name__ == "RunFinished", last
        shots = few if takes_classes(method(experiment.method.name)) else None
        begun = time.monotonic()
        job = ExportJob(run, name, experiment, classes=shots, pt2=given.pt2)
        checked = run_export(job, folder, lambda *_: None, lambda: False)
        seconds, found = time.monotonic() - begun, compared(run, folder, shots, texts, python)
        size = (folder / "model.onnx").stat().st_size
        rows.append({"name": name, "seconds": seconds, "bytes": size, **found})
        print(
            f"{name:24} {size / 1e6:7.1f} MB {seconds:6.0f} s  pieces equal: {found['pieces equal']}  "
            f"{found['same answers']} of {len(texts)} same, by {found['difference']:.1e}  "
            f"(its own check: {checked.same} of {checked.images}, {checked.difference:.1e})", flush=True,
        )  # fmt: skip
        save("text exports", rows, given.workspace)


if __name__ == "__main__":
    main()
