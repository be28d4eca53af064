"""A folder with a text encoder of the library transformers: opened by it, without a network and without running code of
the folder, and tried on a text before it is believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.backbones import encoders
from engine.backbones.backbone import Backbone
from engine.backbones.info import Blocks
from engine.backbones.own.word_pieces import check_pieces
from engine.errors import WeightsError

WEIGHTS = "model.safetensors"
LONGEST = 512  # pieces of a text
REASON = 200  # characters of what transformers says


def of_hub(folder: Path, config: Mapping[str, Any], pieces: str) -> tuple[str, dict[str, Tensor]]:
    """(name of the encoder, which is known from now on; the state of its blocks). pieces: text of its tokenizer.json.

    Raises `NotHere` without the library, `WeightsError` for what is no encoder that reads texts alone.
    """
    kind = str(config.get("model_type", "another kind"))
    if find_spec(encoders.LIBRARY) is None:
        raise encoders.not_installed(f"{folder.name} ({kind})")
    if not (folder / WEIGHTS).is_file():
        raise WeightsError(f"{folder.name} has no {WEIGHTS}; other files of weights may hold code.", encoders.FOLDER)
    if config.get("is_encoder_decoder") or config.get("is_decoder"):
        raise WeightsError(f"{folder.name} writes texts ({kind}); what is read here only reads them.", encoders.FOLDER)
    try:
        return _opened(folder, config, kind, pieces)
    except WeightsError:
        raise
    except Exception as error:  # noqa: BLE001 - its library raises nothing narrower
        words = f"{folder.name} ({kind}) is no text encoder that can be read: {' '.join(str(error).split())[:REASON]}"
        raise WeightsError(words, encoders.FOLDER) from None


def _opened(folder: Path, config: Mapping[str, Any], kind: str, pieces: str) -> tuple[str, dict[str, Tensor]]:
    from engine.backbones.hub import layers_of, opened

    made, missing = opened(folder)
    if missing:
        raise WeightsError(f"{folder.name} has no values of {missing[0]} ({len(missing)} missing).", encoders.FOLDER)
    check_pieces(folder.name, pieces, int(config.get("vocab_size", 0)))
    longest, width = _tried(made, config)
    model = Backbone(made, width, None)
    digest = hashlib.sha256(pieces.encode()).hexdigest()
    encoder = encoders.HubEncoder(kind, json.dumps(dict(config)), tuple(layers_of(made)), width, longest, digest)
    return encoders.look_at(encoder), model.trunk_state()


@torch.no_grad()
def _tried(made: Blocks, config: Mapping[str, Any]) -> tuple[int, int]:
    """(most pieces of a text that it reads, width of what it gives); some keep places of their table for themselves."""
    model = Backbone(made, 1, None).eval()
    places = int(config.get("max_position_embeddings") or LONGEST)
    fewer = places - int(config.get("pad_token_id") or 0) - 1
    for length in sorted({min(places, LONGEST), min(max(fewer, 1), LONGEST)}, reverse=True):
        try:
            return length, int(model.embed(torch.full((1, length), 6)).shape[1])
        except (IndexError, RuntimeError):
            continue
    raise WeightsError("It gives nothing for a text.", encoders.FOLDER)
