"""Trains the bundled weights with Warmstart itself on the complete Omniglot and exports them with their experiment.

    python -m benchmarks.make_weights --omniglot FOLDER [--only conv4-omniglot-supervised] [--workspace DIR]

FOLDER holds images_background and images_evaluation. Only the 964 background characters of 30 alphabets are used
(the ProtoNet keeps five of those alphabets for validation). Writes <name>.safetensors and <name>.json
into resources/weights.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.events import Evaluated, Event, Metrics, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.registry import complete

TARGET = Path(__file__).resolve().parents[1] / "resources" / "weights"


def experiments(omniglot: Path) -> dict[str, Experiment]:
    background = DatasetChoice(name="omniglot", path=str(omniglot / "images_background"), split="stratified")
    by_alphabet = DatasetChoice(name="omniglot", path=str(omniglot), split="by-alphabet")
    supervised = {"batch_size": 64, "learning_rate": 3e-3, "weight_decay": 1e-3}
    proto = {"training_way": 60, "steps": 2000, "halve_every": 600, "validate_every": 250}
    return {
        "conv4-omniglot-supervised": Experiment(
            dataset=background,
            backbone=BackboneChoice(name="conv4"),
            method=MethodChoice(name="scratch", hyperparameters=supervised | {"epochs": 16}),
        ),
        "resnet_small-omniglot-supervised": Experiment(
            dataset=background,
            backbone=BackboneChoice(name="resnet_small"),
            method=MethodChoice(name="scratch", hyperparameters=supervised | {"epochs": 8}),
        ),
        "conv4-omniglot-protonet": Experiment(
            dataset=by_alphabet,
            backbone=BackboneChoice(name="conv4"),
            method=MethodChoice(name="protonet", hyperparameters=proto),
        ),
    }


def train(name: str, experiment: Experiment, folder: Path) -> dict[str, object]:
    """Run it and return the facts that are stored beside the weights."""
    begin, test = time.perf_counter(), None
    for event in execute(experiment, folder / name):
        report(event)
        test = event if isinstance(event, Evaluated) else test
    assert test is not None
    return {
        "test accuracy": round(test.value, 4),
        "interval": [round(test.low, 4), round(test.high, 4)],
        "over": f"{test.n} {test.unit}",
        "protocol": dict(test.protocol),
        "minutes": round((time.perf_counter() - begin) / 60, 1),
    }


def report(event: Event) -> None:
    if isinstance(event, RunFailed):
        raise SystemExit(f"{event.message} {event.advice}\n{event.traceback}")
    if isinstance(event, Metrics) and "val/accuracy" in event.values:
        print(f"step {event.step}: {dict(event.values)}", flush=True)


def export(name: str, experiment: Experiment, facts: dict[str, object], folder: Path) -> None:
    """The blocks without the head, and the experiment that made them, without this machine's path."""
    state = {key: value for key, value in load_file(folder / "best.safetensors").items() if key.startswith("blocks.")}
    TARGET.mkdir(parents=True, exist_ok=True)
    save_file(state, TARGET / f"{name}.safetensors", metadata={"format": "pt", "made by": f"{name}.json"})
    (TARGET / f"{name}.safetensors").chmod(0o644)
    whole = complete(experiment).model_dump(mode="json")
    whole["dataset"]["path"] = f"omniglot/{Path(whole['dataset']['path']).name}"
    note = "dataset.path is the folder of the complete Omniglot; set it to yours to train these weights again."
    text = json.dumps({"experiment": whole, "note": note, "result": facts}, indent=2) + "\n"
    (TARGET / f"{name}.json").write_text(text, encoding="utf-8")
    with safe_open(TARGET / f"{name}.safetensors", "pt") as file:
        print(name, facts, len(list(file.keys())), "tensors", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--omniglot", type=Path, required=True)
    parser.add_argument("--only", action="append")
    parser.add_argument("--workspace", type=Path, default=Path("warmstart-weights"))
    given = parser.parse_args()
    for name, experiment in experiments(given.omniglot).items():
        if given.only is None or name in given.only:
            facts = train(name, experiment, given.workspace)
            export(name, experiment, facts, given.workspace / name)


if __name__ == "__main__":
    main()
