"""What the page Data lists: sets of images alone."""

from __future__ import annotations

from engine.data.sources import sets
from engine.events import RunState
from engine.experiment import DatasetChoice, Experiment, MethodChoice
from storage.rows import RunRow
from ui.data.known_sets import known_sets
from ui.listing.handing_on import why_not_begin
from ui.runs.content import expects_accuracy

DRAWN = [one.name for one in sets() if one.drawn is not None]


def test_tasks_that_are_drawn_are_no_set_of_images() -> None:
    keys = {one.key for one in known_sets((), ())}
    assert {"glyphs", "digits"} <= keys
    assert len(DRAWN) >= 2
    assert not keys & set(DRAWN)


def test_no_accuracy_is_expected_of_them() -> None:
    for name in DRAWN:
        data = DatasetChoice(name=name)
        assert not expects_accuracy(Experiment(dataset=data, method=MethodChoice(name="maml"))), name


def test_nothing_of_images_starts_from_a_run_on_them() -> None:
    for name, family in ((name, family) for name in DRAWN for family in ("meta", "act")):
        experiment = Experiment(dataset=DatasetChoice(name=name), method=MethodChoice(name="maml"))
        row = RunRow(1, "u1", "run", RunState.FINISHED, family, experiment, "1", 1.0, step=5)
        assert "keeps no network that answers by itself" in why_not_begin(row)
