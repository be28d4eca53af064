"""What can answer by hand: saved runs that keep their weights, and backbones whose weights are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.families import named
from storage.rows import RunRow
from ui.trying.triable import keeps_weights

if TYPE_CHECKING:
    from engine.backbones.info import BackboneInfo
    from engine.using.answering import Answering
    from storage.store import RunStore

KINDS = ("images", "texts")  # that people hand in
HANDED = (1, 3)  # channels


@dataclass(frozen=True, slots=True)
class HandSource:
    """answering: with the usual head. row: of a run. learns_tasks: it answers in its own way, so no head is chosen."""

    answering: Answering
    title: str
    row: RunRow | None = None
    learns_tasks: bool = False


def sources(runs: Sequence[RunRow]) -> tuple[HandSource, ...]:
    """Meta-learners first, then other runs, each the newest first, then backbones. Not in the window's thread."""
    seen = [one for one in runs if is_handed(one)]
    order = sorted(seen, key=lambda row: (named(row.family).divides != "classes", -(row.ended or row.created)))
    found = [
        HandSource(answering(row), f"{row.name}, run {row.id}", row, named(row.family).divides == "classes")
        for row in order
    ]
    return (*found, *backbones())


def answering(row: RunRow) -> Answering:
    """A run that tells classes apart as it is; of one that learnt without labels the trunk."""
    from engine.using.answering import Answering

    if named(row.family).answers:
        return Answering(run=row.uid)
    return Answering(backbone=row.experiment.backbone.model_copy(update={"weights": f"run:{row.uid}", "head": "new"}))


def is_handed(row: RunRow) -> bool:
    """Whether it reads what people can hand in."""
    from engine.backbones import catalog

    name = row.experiment.backbone.name
    return catalog.is_known(name) and reads_handed(catalog.backbone(name))


def reads_handed(info: BackboneInfo) -> bool:
    return info.form.kind in KINDS and info.form.channels in HANDED


def backbones() -> list[HandSource]:
    from engine.backbones import catalog
    from engine.experiment import BackboneChoice
    from engine.using.answering import Answering

    return [
        HandSource(
            Answering(backbone=catalog.as_pretrained(BackboneChoice(name=info.name, weights=one.name))),
            f"{info.title}, {one.title}",
        )
        for info in catalog.backbones()
        if reads_handed(info)
        for one in catalog.weights(info.name)
        if one.here and one.kind != "random"
    ]


def read_rows(store: RunStore) -> tuple[RunRow, ...]:
    """Ended runs with their weights, for the storage thread."""
    ended = (row for row in store.runs() if not row.is_live and row.is_readable and not row.archived)
    return tuple(row for row in ended if keeps_weights(store.directory(row)))
