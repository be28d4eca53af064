"""A bidirectional LSTM for texts (Hochreiter and Schmidhuber 1997; Graves and Schmidhuber 2005)."""

from __future__ import annotations

from collections import OrderedDict

from engine.backbones.info import BackboneInfo, Block, Blocks, TextForm
from engine.texts.words import NUMBERS

WIDTH = 128


def build() -> Blocks:
    """int64 [n, words] -> [n, 256]: both directions beside each other."""
    from torch import nn

    from engine.backbones.bert import MeanOfPieces
    from engine.backbones.recurrent import BothWays, WordVectors

    return OrderedDict(
        embeddings=WordVectors(NUMBERS, WIDTH), lstm=nn.Sequential(BothWays(WIDTH, WIDTH), MeanOfPieces())
    )


BACKBONE = BackboneInfo(
    "text_bilstm",
    "Text BiLSTM",
    "Reads whole words forwards and backwards, to learn a text task from nothing; at its best with short texts.",
    (Block("embeddings", "Words", 4_194_304), Block("lstm", "LSTM both ways", 263_168)),
    TextForm(64, "words"),
    features=2 * WIDTH,
    build=build,
    family="recurrent",
    order=11,
)
