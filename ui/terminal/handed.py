"""What a person hands in on the command line: image files or texts, as the network that answers reads them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from engine.errors import InvalidExperiment

if TYPE_CHECKING:
    from engine.data.files.loose import LooseExamples
    from engine.data.files.loose_texts import LooseTexts
    from engine.data.files.read_as import ReadAs
    from engine.preparation.inputs import Preparer

STANDARD_INPUT = "-"


def loose(chosen: argparse.Namespace, form: Preparer, read_as: ReadAs) -> LooseExamples:
    """Raises `ExperimentError` where there is nothing, or something of the other kind."""
    from engine.data.files.loose import LooseImages
    from engine.preparation.inputs import Pieces

    if isinstance(form, Pieces):
        return texts(chosen)
    if chosen.text or chosen.whole or chosen.column or STANDARD_INPUT in chosen.images:
        raise InvalidExperiment("This network reads images and no texts.", "Name image files, folders or zips.")
    if not chosen.images:
        raise InvalidExperiment("No images are given.", "Name files, folders or zips of them.")
    return LooseImages(chosen.images, read_as)


def texts(chosen: argparse.Namespace) -> LooseTexts:
    """Those that were typed first, then files in their order; a line of standard input each, or all of it."""
    from engine.data.files.loose_texts import LooseTexts, lines_of

    if not (chosen.text or chosen.images):
        raise InvalidExperiment("No texts are given.", "Name files, - for standard input, or say --text “…”.")
    made = LooseTexts.held(chosen.text or ())
    for path in chosen.images:
        if path == STANDARD_INPUT:
            lines = lines_of(sys.stdin.buffer.read(), chosen.whole)
            made.add(LooseTexts.held(lines, "standard input, line"))
        else:
            made.add(LooseTexts([path], whole=chosen.whole, column=chosen.column or ""))
    return made
