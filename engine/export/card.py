"""README.md of an exported folder: what the model is, what it rests on, and what nobody has tested. Torch-free."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.export.config import Kind

SHOWN = 40  # classes that the card names
METRICS = {"test/accuracy": "accuracy"}  # as hubs call them
TASKS: dict[Kind, str] = {
    "classifier": "image-classification", "classes by example": "image-classification",
    "encoder": "image-feature-extraction",
}  # fmt: skip
TEXT_TASKS: dict[Kind, str] = {
    "classifier": "text-classification", "classes by example": "text-classification", "encoder": "feature-extraction",
}  # fmt: skip
USES = {
    "images": (
        "    pip install onnxruntime numpy pillow\n    python predict.py photo.jpg\n\n"
        "`model.onnx` takes `images`, uint8 [n, height, width, channels], and gives {answers}. `reading.py` brings an "
        "image file to that size, as the program does ({preparation}); what follows, scaling and normalising, is in "
        "the graph."
    ),
    "texts": (
        '    pip install onnxruntime numpy tokenizers\n    python predict.py "a text"\n\n'
        "`model.onnx` takes `pieces`, int32 [n, pieces], padded with 0, and gives {answers}. `reading.py` cuts a text "
        "into them, as the program does ({preparation}), by `tokenizer.json` where that is here, else by words that "
        "are hashed, for which tokenizers is not needed."
    ),
}
ELSEWHERE = {
    "images": ("other cameras, places or times", "noisier, darker, blurred or otherwise unlike those of the test"),
    "texts": ("other authors, subjects, languages or times", "shorter, longer, misspelt or otherwise unlike those of "
              "the test"),
}  # fmt: skip
ANSWERS: dict[Kind, str] = {
    "classifier": "`logits`, `probabilities` and `features`, in the order of `labels.txt`",
    "classes by example": "`logits`, `probabilities` and `features`, in the order of `labels.txt`; the classes are "
    "numbers in the graph, and stand in `classes.safetensors`: the embedded examples (`support`), their classes "
    "(`targets`) and the mean of each class (`means`)",
    "encoder": "`features` alone: this method learns its classes anew each time, which a graph cannot",
}
NONE_TOO = ", and of each `unlike` and `none_of_these`"
REFUSES = (
    "how many of them it calls `none_of_these` was not measured, and of the rest it answers with one of its classes"
)
ANSWERS_ALL = "it answers with one of them all the same"


@dataclass(frozen=True)
class ModelCard:
    """What is told. data: title, licence, images in words, fingerprint. figures: as `engine.export.job.figures` gives
    them. agreement: in a sentence. also: further sentences that a reader has to know. refuses: it says of images that
    they are none of its classes."""

    name: str
    kind: Kind
    network: str
    method: str
    idea: str
    paper: str
    seed: int
    weights: str
    data: Mapping[str, str]
    preparation: str
    agreement: str
    version: str
    classes: tuple[str, ...] = ()
    figures: Sequence[Mapping[str, Any]] = ()
    also: Sequence[str] = field(default_factory=tuple)
    shifted: bool = False
    refuses: bool = False
    what: str = "images"

    @property
    def task(self) -> str:
        return (TEXT_TASKS if self.what == "texts" else TASKS)[self.kind]


def text(card: ModelCard) -> str:
    parts = (
        _head(card), f"# {card.name}", _what(card), "## How to use it", _use(card), "## Figures", _figures(card),
        "## What it learnt from", _data(card), "## What was not tested", _untested(card),
        "## Whether this folder says what the program says", card.agreement,
    )  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(card: ModelCard) -> str:
    """YAML, every value of it quoted as JSON quotes: that is YAML as well."""
    said = json.dumps
    lines = [
        "---", "license: other", f"license_name: {said(_licences(card), ensure_ascii=False)}", "library_name: onnx",
        f"pipeline_tag: {card.task}", "tags:", "- warmstart", "- onnx",
        "datasets:", f"- {said(card.data['title'], ensure_ascii=False)}", "metrics:", "- accuracy", "model-index:",
        f"- name: {said(card.name, ensure_ascii=False)}", "  results:",
    ]  # fmt: skip
    measured = [one for one in card.figures if one["metric"] in METRICS and one["plain"] and one["value"] is not None]
    if not measured:
        return "\n".join([*lines[:-1], "  results: []", "---"])
    for one in measured[:1]:
        lines += [
            "  - task:", f"      type: {card.task}", "    dataset:",
            f"      name: {said(card.data['title'], ensure_ascii=False)}",
            f"      type: {said(card.data['fingerprint'])}", "    metrics:", f"    - type: {METRICS[one['metric']]}",
            f"      value: {one['value']:.6g}", f"      name: {said(one['words'], ensure_ascii=False)}",
        ]  # fmt: skip
    return "\n".join([*lines, "---"])


def _licences(card: ModelCard) -> str:
    return f"data: {card.data['licence'] or 'not stated'}; starting weights: {card.weights}"


def _what(card: ModelCard) -> str:
    classes = ""
    if card.classes:
        named = ", ".join(card.classes[:SHOWN]) + (", …" if len(card.classes) > SHOWN else "")
        classes = f" It tells {len(card.classes)} classes apart: {named}."
    made = f"{card.network}, {card.method}, made with Warmstart {card.version}."
    return f"{made}{classes}\n\n{card.idea} ({card.paper})"


def _use(card: ModelCard) -> str:
    return (
        USES[card.what].format(answers=ANSWERS[card.kind] + NONE_TOO * card.refuses, preparation=card.preparation)
        + f"\n\nIn Warmstart: `warmstart predict FOLDER {card.what.upper()}`"
        + (", or `warmstart weights add FOLDER` to start from its network." if card.what == "images" else ".")
    )


def _figures(card: ModelCard) -> str:
    if not card.figures:
        return "None was kept with the run."
    return "\n\n".join(_figure(one) for one in card.figures)


def _figure(one: Mapping[str, Any]) -> str:
    protocol = "; ".join(f"{key}: {value}" for key, value in one["protocol"].items())
    return f"- **{one['name']}: {one['words']}**, {one['n']:,} {one['unit']}. {protocol}."


def _data(card: ModelCard) -> str:
    data = card.data
    lines = [
        f"- Data: {data['title']}, {data['images']}; licence as stated: {data['licence'] or 'none stated'}; "
        f"fingerprint {data['fingerprint']}",
        f"- Starting weights: {card.weights}", f"- Method: {card.method}, seed {card.seed}",
        *(f"- {sentence}" for sentence in card.also),
    ]  # fmt: skip
    return "\n".join(lines)


def _untested(card: ModelCard) -> str:
    what, (places, unlike) = card.what.capitalize(), ELSEWHERE[card.what]
    lines = [
        f"- {what} from anywhere but {card.data['title']}: {places}.",
        f"- {what} of none of its classes: {REFUSES if card.refuses else ANSWERS_ALL}." if card.classes else "",
        f"- {what} that are {unlike}."
        + (" The shifts in the figures above are the only ones." if card.shifted else ""),
        f"- More seeds than the one above: the interval is over test {card.what} or episodes, not over trainings.",
    ]
    return "\n".join(line for line in lines if line)
