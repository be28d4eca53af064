"""CLINC150: what people say to an assistant, 150 intents in 10 domains, and 1,200 texts that are none of them.

Larson and others 2019, An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction, arXiv 1909.02027.
"""

from __future__ import annotations

import lzma
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from engine.data.dataset import TEXTS_START, DataSet, DatasetInfo
from engine.data.files.columns import ColumnWish
from engine.data.files.read_texts import of_sheet
from engine.data.files.reading import Entry
from engine.data.files.sheets import sheet
from engine.data.text_set import TextSet
from engine.data.text_sets import text_set

FILE = Path(__file__).resolve().parents[3] / "resources" / "texts" / "clinc150.csv.xz"
START = replace(TEXTS_START, episodes={"way": 20})  # with 5 of 150 nearly every method is right
TITLE, LICENCE = "CLINC150", "CC BY 3.0 (Larson and others 2019)"


@lru_cache(maxsize=1)
def load_clinc150() -> TextSet:
    body = lzma.decompress(FILE.read_bytes())
    found = of_sheet(TITLE, sheet(Entry("clinc150.csv", len(body), 0, ""), body), ColumnWish())
    return text_set("clinc150", TITLE, LICENCE, found, layout="150 intents in 10 domains", given_words="as published")


DATASET = DataSet(
    DatasetInfo(
        "clinc150", TITLE, "What people ask an assistant: 150 intents in 10 domains, and 1,200 texts of none of them.",
        22_500, 150, licence=LICENCE,
    ),
    load=lambda choice: load_clinc150(), given=("given", "As published"),
    groups=(("by-alphabet", "By domain"), ("in-each-group", "In each domain")),
    order=4, texts=True, own_start=START,
)  # fmt: skip
