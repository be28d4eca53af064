"""Labelled examples, whatever they are of: what divisions, episodes, findings and networks ask for, and which
of them are of a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.data.images import Form, Skipped

Ids = Sequence[int] | NDArray[np.int64]


def members(labels: NDArray[np.int64], classes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The places of the examples of each of these classes, int64 ascending.

    Sorted once: asking all labels anew for each class would cost classes times examples.
    """
    order = np.argsort(labels, kind="stable").astype(np.int64)
    ordered = labels[order]
    starts, ends = (np.searchsorted(ordered, classes, side=side) for side in ("left", "right"))
    return [order[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


class Examples(Protocol):
    """As `ImageSet` describes them, without what only images have."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def labels(self) -> NDArray[np.int64]: ...
    @property
    def class_names(self) -> tuple[str, ...]: ...
    @property
    def alphabets(self) -> tuple[str, ...] | None: ...
    @property
    def group_word(self) -> str: ...
    @property
    def kinds(self) -> tuple[str, ...] | None: ...
    @property
    def held_out(self) -> frozenset[str]: ...
    @property
    def given_split(self) -> NDArray[np.int8] | None: ...
    @property
    def given_words(self) -> str: ...
    @property
    def given_classes(self) -> NDArray[np.int8] | None: ...
    @property
    def usual_parts(self) -> tuple[int, int] | None: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def contents(self) -> NDArray[np.uint64]: ...
    @property
    def counts(self) -> NDArray[np.int64]: ...
    @property
    def doubts(self) -> tuple[str, ...]: ...
    @property
    def characters(self) -> bool: ...
    @property
    def skipped(self) -> tuple[Skipped, ...]: ...
    def __len__(self) -> int: ...

    def image_name(self, index: int) -> str:
        """Short name of one example."""
        ...

    def read(self, indices: Ids, form: Form) -> NDArray[Any]:
        """The examples as a network of this form reads them, one row each. Raises `DataError`."""
        ...
