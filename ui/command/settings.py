"""--set KEY=VALUE …: hyperparameters of a method, and cells of its layer table as layers.BLOCK.COLUMN. layers=none
takes back the changes to the table that are usual for the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from types import MappingProxyType
from typing import Any

from engine.errors import InvalidExperiment, nearest
from engine.given import decode
from engine.layers import LayerRow, changed
from engine.registry import fields, method

LAYERS, OWN = "layers", "none"


def settings_from(
    pairs: Sequence[str], method_name: str, blocks: Sequence[str], usual: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """As the experiment's hyperparameters, beside those that are usual; an unknown name is answered with the nearest
    one. blocks: the network's."""
    chosen = method(method_name)
    known = {field.name: field.kind for field in fields(chosen)}
    values = deepcopy(dict(usual))
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise InvalidExperiment(f"“--set {pair}” has no value.", "Write it as --set key=value.")
        if pair == f"{LAYERS}={OWN}" and LAYERS in chosen.Hyperparameters.model_fields:
            values[LAYERS] = {}
        elif key.partition(".")[0] == LAYERS and LAYERS in chosen.Hyperparameters.model_fields:
            block, column, value = layer_cell(key, value_of(text), blocks)
            values.setdefault(LAYERS, {}).setdefault(block, {})[column] = value
        elif key in known:
            values[key] = text if known[key] == "choice" else value_of(text)
        else:
            raise InvalidExperiment(f"{chosen.title} has no setting “{key}”.", nearest(key, known))
    return values


def layer_cell(key: str, value: Any, blocks: Sequence[str]) -> tuple[str, str, Any]:
    """ "layers.stage1.rate" -> ("stage1", "rate", value), each part checked; raises `InvalidExperiment`."""
    parts = key.split(".")
    if len(parts) != 3:
        raise InvalidExperiment(f"“{key}” names no cell of the layer table.", "Write it as layers.BLOCK.COLUMN=VALUE.")
    _, block, column = parts
    if block not in blocks:
        raise InvalidExperiment(f"This backbone has no block called “{block}”.", nearest(block, blocks))
    if column not in LayerRow.model_fields:
        raise InvalidExperiment(f"The layer table has no column “{column}”.", nearest(column, LayerRow.model_fields))
    row = changed(LayerRow(), {column: value}, block)
    return block, column, getattr(row, column)


def value_of(text: str) -> Any:
    """A number or true/false where the text is one, else the text itself."""
    try:
        return decode(text)
    except ValueError:
        return text
