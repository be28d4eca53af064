"""ULMFiT's figure (Howard and Ruder 2018) with what runs on a processor: the test error over labels a class, of a
network from scratch, of counted words, of frozen MiniLM, and of MiniLM after contrast on the target's own texts.

    python -m benchmarks.ulmfit --texts FOLDER --workspace DIR [--sets sms_spam amazon clinc150] [--draws 3]
        [--labels 1 2 5 10 50 0] [--picture docs/ulmfit.png]

FOLDER holds text_sentiment3 and text_sms_spam, unpacked; CLINC150 comes with the program. 0 labels stands for all that
are there. All arms of a draw learn from the same texts; counts that a class does not have are left out. Both MiniLM
arms are logistic regression on frozen features of length 1; from scratch is a small transformer. Contrast learns from
the training texts alone, once for a set, and keeps its last weights, so that no label chooses anything. Cells are kept
in the workspace: a broken series goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from PySide6.QtWidgets import QApplication

from benchmarks.measure import machine
from benchmarks.text_sets import features_of
from benchmarks.ulmfit_figure import ErrorPanels, panel, table
from engine.data.sources import load
from engine.data.splits import ImageSplit, split_images
from engine.data.text_set import TextSet
from engine.events import Evaluated, Event, Preparing, RunFailed
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.heads.counted_words import CountedWords
from engine.machine.files import write_text
from engine.machine.places import settle
from engine.tuning.solving import Solving
from ui.figures.figure_export import save

MINILM, CONTRASTED = "MiniLM", "MiniLM after contrast"
SCRATCH, COUNTED = "From scratch", "Counted words"
ARMS = (SCRATCH, COUNTED, MINILM, CONTRASTED)
SENTENCES = BackboneChoice(name="minilm", weights="sentences")
TITLES = {
    "clinc150": "CLINC150: 150 intents",
    "amazon": "Reviews of products: 2 moods",
    "sms_spam": "Messages: spam or not",
}
EPOCHS = {"clinc150": 1, "amazon": 10, "sms_spam": 3}  # of contrast: some hundred steps of 64 texts
CONTRAST = {"judged": "no labels", "learning_rate": 3e-6, "word_vectors": "kept", "batch_size": 64}
BATCH, STEPS, LEAST, MOST = 32, 320, 20, 100  # from scratch: texts in a step, steps, and epochs at least and at most
MOST_STEPS = 2000  # by which fewer epochs are made, but as many as of all labels
ALL = 8  # epochs of all labels
JUDGED = 100  # texts, at least five of each class, by which its best epoch is chosen
Cells = dict[str, float]


@dataclass(frozen=True)
class Target:
    """One set of texts. folder: where its runs and cells are kept."""

    name: str
    choice: DatasetChoice
    folder: Path

    @cached_property
    def data(self) -> TextSet:
        found = load(self.choice)
        assert isinstance(found, TextSet)
        return found

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def with_labels(self, labels: int) -> DatasetChoice:
        return self.choice.model_copy(update={"labels_per_class": labels or None})

    def split(self, labels: int, draw: int) -> ImageSplit:
        return split_images(self.data, self.with_labels(labels), draw)

    def most(self) -> int:
        """Labels that every class has."""
        return int(np.bincount(self.data.labels[self.split(0, 0).train]).min())

    def every(self) -> int:
        """Labels that a class has where all are taken, on average."""
        return len(self.split(0, 0).train) // len(self.data.class_names)

    def contrasted(self) -> BackboneChoice:
        """MiniLM after contrast on the training texts; trained once."""
        uid = f"contrast-{self.name}-{CONTRAST['learning_rate']}"
        done = self.runs / uid / "done"
        if not done.is_file():
            values = {**CONTRAST, "epochs": EPOCHS.get(self.name, 1)}
            method = MethodChoice(name="text_contrast", hyperparameters=values)
            learnt(Experiment(dataset=self.choice, backbone=SENTENCES, method=method), self.runs / uid)
            done.touch()
        return BackboneChoice(name="minilm", weights=f"run:{uid}")


def learnt(experiment: Experiment, folder: Path) -> None:
    """Up to the test, which takes longer than it says anything new here."""
    with closing(execute(experiment, folder, resume=True)) as events:  # type: ignore[type-var]
        for event in events:
            heard(event)
            if isinstance(event, Preparing) and event.text.startswith("Testing"):
                return


def heard(event: Event) -> None:
    if isinstance(event, RunFailed):
        raise SystemExit(event.message)


def choice_of(name: str, folder: Path) -> DatasetChoice:
    if name == "clinc150":
        return DatasetChoice(name="clinc150")
    own = {"name": "texts", "path": str(folder / ("text_sms_spam" if name == "sms_spam" else "text_sentiment3"))}
    only = {} if name == "sms_spam" else {"only_file": f"{name}_cells_labelled.txt"}
    return DatasetChoice.model_validate(own | only)


# One cell


def counted(target: Target, labels: int, draw: int) -> float:
    split, texts = target.split(labels, draw), np.array(target.data.texts, object)
    head = CountedWords().fit(texts[split.train], target.data.labels[split.train], len(target.data.class_names))
    return wrong(head(texts[split.test]), target, split)


def wrong(scores: np.ndarray, target: Target, split: ImageSplit) -> float:
    """Share of the test texts."""
    return float((scores.argmax(1) != target.data.labels[split.test]).mean())


def probed(backbone: BackboneChoice, target: Target, labels: int, draw: int) -> float:
    split = target.split(labels, draw)
    learn, asked = (features_of(target.data, ids, target.folder, backbone) for ids in (split.train, split.test))
    given = (torch.from_numpy(one) for one in (learn, target.data.labels[split.train]))
    solving = Solving(*given, len(target.data.class_names))
    for _ in solving.rounds():
        pass
    scores = asked @ solving.weight.detach().numpy().T + solving.bias.detach().numpy()
    return wrong(scores, target, split)


def scratch(target: Target, labels: int, draw: int) -> float:
    classes = len(target.data.class_names)
    texts = labels * classes
    epochs = min(MOST, max(LEAST, STEPS * BATCH // texts), max(ALL, MOST_STEPS * BATCH // texts)) if labels else ALL
    values = {"learning_rate": 1e-3, "epochs": epochs, "batch_size": BATCH}
    judged = {"validation_per_class": max(5, JUDGED // classes)}
    data = target.with_labels(labels).model_copy(update=judged)
    network = BackboneChoice(name="text_transformer", weights="random")
    method = MethodChoice(name="scratch", hyperparameters=values)
    given = Experiment(dataset=data, backbone=network, method=method, seed=draw)
    figure = 0.0
    for event in execute(given, target.runs / f"scratch-{target.name}-{labels}-{draw}"):
        heard(event)
        if isinstance(event, Evaluated) and event.name == "test/accuracy":
            figure = event.value
    return 1 - figure


WAYS: Mapping[str, Callable[[Target, int, int], float]] = {
    COUNTED: counted,
    MINILM: lambda target, labels, draw: probed(SENTENCES, target, labels, draw),
    CONTRASTED: lambda target, labels, draw: probed(target.contrasted(), target, labels, draw),
    SCRATCH: scratch,
}


def cells_of(target: Target, counts: list[int], draws: int) -> Cells:
    """Error of every arm, by "arm, labels, draw"; what is known already is not measured again."""
    file = target.folder / f"{target.name}-{CONTRAST['learning_rate']}.json"
    found: Cells = json.loads(file.read_text()) if file.is_file() else {}
    for labels in counts:
        for draw in range(draws if labels else 1):
            for arm, way in WAYS.items():
                key = f"{arm}, {labels}, {draw}"
                if key not in found:
                    found[key] = way(target, labels, draw)
                    write_text(file, json.dumps(found))
                    print(f"{target.name}: {key}: error {100 * found[key]:.1f} %", flush=True)
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--texts", type=Path, required=True)
    asked.add_argument("--workspace", type=Path, required=True)
    asked.add_argument("--sets", nargs="+", default=["sms_spam", "amazon", "clinc150"])
    asked.add_argument("--labels", nargs="+", type=int, default=[1, 2, 5, 10, 50, 0])
    asked.add_argument("--draws", type=int, default=3)
    asked.add_argument("--picture", type=Path, default=Path("docs/ulmfit.png"))
    given = asked.parse_args()
    settle(given.workspace)
    print(machine())
    panels = []
    for name in given.sets:
        target = Target(name, choice_of(name, given.texts), given.workspace / "ulmfit")
        counts = [one for one in given.labels if one < target.most()]
        cells = cells_of(target, counts, given.draws)
        panels.append(panel(TITLES.get(name, name), ARMS, cells, target.every()))
        print(f"\n{table(panels[-1])}\n", flush=True)
    application = QApplication([])
    figure = ErrorPanels(panels)
    save(figure, given.picture)
    application.quit()


if __name__ == "__main__":
    main()
