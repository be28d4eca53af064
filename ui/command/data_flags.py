"""Settings that one data set alone has, as flags: declared, read and written."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from engine.data.dataset import inside
from engine.data.sources import dataset, sets
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice
from engine.registry import HyperparameterField, own_fields

TYPES = {"int": int, "float": float, "text": str}


def data_flags() -> dict[str, HyperparameterField]:
    """By the name of the setting."""
    return {field.name: field for one in sets() for field in own_fields(one.Choice)}


def flag_of(field: HyperparameterField) -> str:
    """What is on without a word has a flag that turns it off."""
    return f"--{'no-' if field.default is True else ''}{field.name.replace('_', '-')}"


def add_own_flags(flags: argparse._ArgumentGroup) -> None:
    for name, field in data_flags().items():
        words = inside(field.help).removesuffix(".")
        if field.kind == "bool":
            flags.add_argument(flag_of(field), dest=name, action="store_const", const=not field.default, help=words)
        elif field.kind == "choice":
            flags.add_argument(flag_of(field), choices=field.choices, help=words)
        else:
            flags.add_argument(flag_of(field), type=TYPES[field.kind], metavar=name[0].upper(), help=words)


def own_settings(chosen: argparse.Namespace, name: str) -> dict[str, Any]:
    """What the flags say of this data set; raises `InvalidExperiment` for a setting of another's."""
    fields = data_flags()
    given = {key: value for key in fields if (value := getattr(chosen, key)) is not None}
    for key in given.keys() - dataset(name).Choice.own():
        titles = " and ".join(one.info.title for one in sets() if key in one.Choice.own())
        raise InvalidExperiment(
            f"{flag_of(fields[key])} is a setting of {titles}, not of {dataset(name).info.title}.",
            "Leave it out, or choose other data.", "dataset",
        )  # fmt: skip
    return given


def own_words(choice: DatasetChoice) -> Iterator[tuple[str, object]]:
    """(flag, value, None where it takes none) of what is not as usual: what `own_settings` reads, written."""
    for field in own_fields(type(choice)):
        value = getattr(choice, field.name)
        if value != field.default:
            yield flag_of(field), None if field.kind == "bool" else value
