"""The rate at which masked words and next word go on from an encoder of sentences: what it leaves of what MiniLM knows.

    python -m benchmarks.texts_going_on --texts FOLDER --workspace DIR [--methods masked_words next_word]
        [--sets clinc150 hwu64 amazon] [--rates 3e-5 1e-5 3e-6 1e-6] [--labels 1 10] [--draws 3]

FOLDER holds text_hwu64 and text_sentiment3, unpacked; CLINC150 comes with the program. Of both sets of intents 20
classes. Each question learns from the training texts without a label, by its usual values but for the rate and the
epochs of the sentences on products, and keeps its last weights. Told is the accuracy of logistic regression on frozen
features of length 1 before and after, on the same draws of labels; after CLINC150's twenty classes also on all 150.
Cells are kept in the workspace.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.measure import machine
from benchmarks.text_sets import features_of, labelled, pair
from benchmarks.ulmfit import SENTENCES, Target, learnt, probed
from engine.comparison.intervals import mean_interval
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.logistic import Logistic
from engine.machine.files import write_text
from engine.machine.places import settle

CLASSES = 20
EPOCHS = {"amazon": 5}  # some forty steps of 64 texts, as one pass over the others takes
Cells = dict[str, float]


def choice_of(name: str, texts: Path) -> DatasetChoice:
    if name == "clinc150":
        return DatasetChoice(name=name, classes=CLASSES)
    own: dict[str, object] = {"name": "texts", "path": str(texts / "text_hwu64"), "classes": CLASSES}
    if name == "amazon":
        own = {"name": "texts", "path": str(texts / "text_sentiment3"), "only_file": "amazon_cells_labelled.txt"}
    return DatasetChoice.model_validate(own)


def gone_on(target: Target, method: str, rate: float) -> BackboneChoice:
    """MiniLM after this question was put to the training texts at this rate; asked once."""
    uid = f"{method}-{target.name}-{rate:g}"
    done = target.runs / uid / "done"
    if not done.is_file():
        begin = time.perf_counter()
        values = {"judged": "no labels", "learning_rate": rate, "epochs": EPOCHS.get(target.name, 1)}
        choice = MethodChoice(name=method, hyperparameters=values)
        learnt(Experiment(dataset=target.choice, backbone=SENTENCES, method=choice), target.runs / uid)
        done.touch()
        print(f"{uid}: {len(target.split(0, 0).train):,} texts in {time.perf_counter() - begin:.0f} s", flush=True)
    return BackboneChoice(name="minilm", weights=f"run:{uid}")


def arms(target: Target, args: argparse.Namespace) -> Iterator[tuple[str, BackboneChoice]]:
    yield "before", SENTENCES
    for method in args.methods:
        for rate in args.rates:
            yield f"{method}, {rate:g}", gone_on(target, method, rate)


def cells_of(target: Target, args: argparse.Namespace) -> Cells:
    """Accuracy in % of every arm, by "arm, labels, draw"; what is known already is not measured again."""
    file = target.folder / f"{target.name}.json"
    found: Cells = json.loads(file.read_text()) if file.is_file() else {}
    for arm, backbone in arms(target, args):
        for labels in args.labels:
            for draw in range(args.draws):
                key = f"{arm}, {labels}, {draw}"
                if key not in found:
                    found[key] = 100 * (1 - probed(backbone, target, labels, draw))
                    write_text(file, json.dumps(found))
    return found


def of_all_intents(target: Target, args: argparse.Namespace) -> Cells:
    """Accuracy in % of every arm on CLINC150's 150 intents, of which it saw texts of 20: on a third of half the test
    texts, logistic regression from one label a class."""
    train, test = pair("clinc150", args.texts)
    every, found = np.arange(0, len(test), 3), {}
    for arm, backbone in arms(target, args):
        asked = features_of(test, every, target.folder, backbone)
        for draw in range(args.draws):
            ids = labelled(train.labels, 1, draw)
            learnt_from = features_of(train, ids, target.folder, backbone)
            scores = Logistic(10.0).fit(learnt_from, train.labels[ids], len(train.class_names))(asked)
            found[f"{arm}, 1, {draw}"] = 100 * float((scores.argmax(1) == test.labels[every]).mean())
    return found


def told(found: Cells, arm: str, labels: int, draws: int) -> str:
    """The mean, and what is gained over the start with half of its 95 % interval, paired over draws."""
    own, before = (np.array([found[f"{one}, {labels}, {draw}"] for draw in range(draws)]) for one in (arm, "before"))
    gain = mean_interval((own - before).tolist())
    beside = f" [{gain.value:+.1f} ± {(gain.high - gain.low) / 2:.1f}]" if arm != "before" and gain.known else ""
    return f"{own.mean():.1f}{beside}"


def show(name: str, found: Cells, counts: list[int], draws: int) -> None:
    print(f"\n| {name} | {' | '.join(f'{labels} labels a class' for labels in counts)} |")
    for arm in dict.fromkeys(key.rsplit(", ", 2)[0] for key in found):
        print(f"| {arm} | {' | '.join(told(found, arm, labels, draws) for labels in counts)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=["masked_words", "next_word"])
    parser.add_argument("--sets", nargs="+", default=["clinc150", "hwu64", "amazon"])
    parser.add_argument("--rates", nargs="+", type=float, default=[3e-5, 1e-5, 3e-6, 1e-6])
    parser.add_argument("--labels", nargs="+", type=int, default=[1, 10])
    parser.add_argument("--draws", type=int, default=3)
    args = parser.parse_args()
    settle(args.workspace)
    torch.set_num_threads(1)
    for name in args.sets:
        target = Target(name, choice_of(name, args.texts), args.workspace / "going-on")
        show(name, cells_of(target, args), args.labels, args.draws)
        if name == "clinc150":
            show("all 150 intents", of_all_intents(target, args), [1], args.draws)
    print(machine())


if __name__ == "__main__":
    main()
