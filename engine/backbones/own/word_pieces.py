"""Whether the word pieces of a folder are those of its network."""

from __future__ import annotations

from engine.backbones import encoders
from engine.errors import WeightsError
from engine.texts.own import pieces_of

LEAST = 30  # of the word pieces that any vocabulary has: fewer spell no alphabet


def check_pieces(folder: str, pieces: str, known: int) -> None:
    """Raise `WeightsError` unless this text of a tokenizer.json has pieces for texts, and no more than the network
    knows."""
    try:
        found = pieces_of(pieces)
    except ValueError:
        raise WeightsError(f"The tokenizer.json of {folder} cannot be read.", encoders.FOLDER) from None
    if found > known:
        raise WeightsError(f"{folder} has more word pieces than the network knows.", encoders.FOLDER)
    if found < LEAST:
        raise WeightsError(
            f"The tokenizer.json of {folder} has only {found} word pieces.", "Save its tokenizer with its vocabulary."
        )
