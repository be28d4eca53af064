"""The fields of a method as they are told of curves and of texts, and those that are pointless there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.data.sources import is_regression, kind_of
from engine.experiment import DatasetChoice
from engine.registry import HyperparameterField
from engine.spoken import said_of

TEXTS = "texts"
# About classes, about batch norm, which the networks for curves have none of, or of no effect on curves.
POINTLESS = frozenset({"way", "training_way", "within", "rotations", "slots", "batch_norm"})
# Field -> the value that leaves texts alone: what changes images is not shown for them while it has it.
WITHOUT_IMAGES = {"augmentation": "none", "mixup": 0.0, "rotations": "as the data says"}
# Field -> label, help and unit where tasks are curves.
OF_POINTS = {
    "shot": ("Points given", "Points of a curve that a task is learnt from.", "points"),
    "query": ("Points asked for", "Other points of the curve in training; a test asks for 100.", "points"),
    "training_shot": ("Points given in training", "While meta-training; 0 is as many as at test.", "points"),
    "over_shots": ("Points of the second curve", "Test with these numbers of given points too.", ""),
    "inner_batch": ("Inner batch", "Given points in one inner step.", "points"),
}


def of_data(fields: Iterable[HyperparameterField], data: DatasetChoice) -> tuple[HyperparameterField, ...]:
    """These fields as a form shows them of such data."""
    if is_regression(data):
        return of_curves(fields)
    fields = asked_of(fields, kind_of(data))
    return of_texts(fields) if kind_of(data) == TEXTS else fields


def of_curves(fields: Iterable[HyperparameterField]) -> tuple[HyperparameterField, ...]:
    """These fields in the words of points."""
    named = ("label", "help", "unit")
    said: dict[str, Any] = {name: dict(zip(named, words, strict=True)) for name, words in OF_POINTS.items()}
    return tuple(replace(field, **said.get(field.name, {})) for field in fields)


def of_texts(fields: Iterable[HyperparameterField]) -> tuple[HyperparameterField, ...]:
    """These fields in words about texts."""
    return tuple(
        replace(
            field, label=said_of(field.label, TEXTS), help=said_of(field.help, TEXTS), unit=said_of(field.unit, TEXTS)
        )
        for field in fields
    )


def asked_of(fields: Iterable[HyperparameterField], kind: str) -> tuple[HyperparameterField, ...]:
    """These fields without choices that are of other data. kind: "images", "texts"."""
    return tuple(
        replace(field, choices=tuple(one for one in field.choices if dict(field.of).get(one, kind) == kind))
        if field.of else field
        for field in fields
    )  # fmt: skip


def pointless_for_texts(values: Mapping[str, Any]) -> frozenset[str]:
    """Fields that are about images, unless a value of theirs is in the way."""
    return frozenset(name for name, without in WITHOUT_IMAGES.items() if values.get(name, without) == without)
