"""A small set of texts that can be told apart by their words, and a small network that reads them."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.backbones import catalog
from engine.backbones.bert import MeanOfPieces
from engine.backbones.info import BackboneInfo, Block, Blocks, TextForm
from engine.data import sources
from engine.data.dataset import DataSet, DatasetInfo
from engine.data.hashes import short_hash
from engine.data.text_set import TextSet

TOPICS = {
    "weather": "rain snow wind cloud storm sun fog", "music": "song guitar drum choir piano concert band",
    "food": "bread soup cheese apple rice salad cake", "travel": "train ticket hotel flight airport road map",
    "sport": "ball goal team race coach tennis match", "money": "bank loan credit price market coin rent",
    "garden": "seed flower tree soil leaf grass root", "school": "teacher lesson exam pupil book desk chalk",
}  # fmt: skip
FILLING = ["the", "a", "of", "and", "to", "we", "you", "is", "it", "that", "this", "on", "for", "with"]
DIM, NUMBERS = 16, 2**15


def sentences(classes: int = 8, each: int = 12, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Texts of 3 to 14 words, two or more of them of the topic, and int64 labels."""
    rng, texts, labels = np.random.default_rng(seed), list[str](), list[int]()
    for label, words in enumerate(list(TOPICS.values())[:classes]):
        for _ in range(each):
            own, other = rng.choice(words.split(), rng.integers(2, 5)), rng.choice(FILLING, rng.integers(1, 11))
            texts.append(" ".join(rng.permutation(np.concatenate([own, other])).tolist()))
            labels.append(label)
    return texts, np.array(labels, np.int64)


def text_set(classes: int = 8, each: int = 12, seed: int = 0) -> TextSet:
    """Classes in two domains."""
    texts, labels = sentences(classes, each, seed)
    names = tuple(TOPICS)[:classes]
    return TextSet(
        name="topics", title="Topics", licence="CC0", labels=labels, class_names=names, texts=texts,
        alphabets=tuple("outside" if place % 2 else "inside" for place in range(classes)),
        fingerprint=short_hash("topics", *texts),
    )  # fmt: skip


class Embedded(nn.Module):
    """int64 [n, length] -> [n, length, 16]; a padded place is exactly zero."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(NUMBERS, DIM)

    def forward(self, pieces: Tensor) -> Tensor:
        return self.table(pieces) * (pieces != 0).unsqueeze(-1)


class Mixed(nn.Module):
    """[n, length, 16] -> the same, each place by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(DIM, DIM)

    def forward(self, values: Tensor) -> Tensor:
        return torch.tanh(self.linear(values)) * (values != 0).any(-1, keepdim=True)


def build() -> Blocks:
    return OrderedDict(embeddings=Embedded(), mix=Mixed(), pool=MeanOfPieces())


BACKBONE = BackboneInfo(
    "bag_of_words",
    "Bag of words",
    "The mean of its words' vectors.",
    (Block("embeddings", "Embeddings", NUMBERS * DIM), Block("mix", "Mix", DIM * DIM + DIM), Block("pool", "Mean", 0)),
    TextForm(16, "words"),
    features=DIM,
    build=build,
)


def data_set(name: str = "topics", data: TextSet | None = None) -> DataSet:
    """As a file in `engine/data/sets/` has it."""
    found = data or text_set()
    info = DatasetInfo(name, "Topics", "Short texts on eight topics.", len(found), len(found.class_names))
    return DataSet(info, load=lambda choice: found, texts=True)


def make_known(monkeypatch: pytest.MonkeyPatch, *more: DataSet) -> None:
    """The small network and the small set stand among those of the program."""
    nets, sets = (*catalog.backbones(), BACKBONE), (*sources.sets(), data_set(), *more)
    monkeypatch.setattr(catalog, "backbones", lambda: nets)
    monkeypatch.setattr(sources, "sets", lambda: sets)
