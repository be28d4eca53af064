"""The fields of a method where tasks are curves: what is about classes and images is left out or said of points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.registry import HyperparameterField

# About classes, about batch norm, which the networks for curves have none of, or of no effect on curves.
POINTLESS = frozenset({"way", "training_way", "within", "rotations", "slots", "batch_norm"})
# Field -> label, help and unit where tasks are curves.
OF_POINTS = {
    "shot": ("Points given", "Points of a curve that a task is learnt from.", "points"),
    "query": ("Points asked for", "Other points of the curve in training; a test asks for 100.", "points"),
    "training_shot": ("Points given in training", "While meta-training; 0 is as many as at test.", "points"),
    "over_shots": ("Points of the second curve", "Test with these numbers of given points too.", ""),
    "inner_batch": ("Inner batch", "Given points in one inner step.", "points"),
}


def of_curves(fields: Iterable[HyperparameterField]) -> tuple[HyperparameterField, ...]:
    """These fields in the words of points."""
    return tuple(_said(field) for field in fields)


def _said(field: HyperparameterField) -> HyperparameterField:
    if field.name not in OF_POINTS:
        return field
    label, help, unit = OF_POINTS[field.name]
    return replace(field, label=label, help=help, unit=unit)
