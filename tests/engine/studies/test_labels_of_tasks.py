"""Label counts of a study whose tasks have data of their own: of its own data alone, or of every task's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidExperiment
from engine.events import CLUSTER
from engine.experiment import Experiment, parse_experiment
from engine.registry import complete
from engine.remote.order import Order, arrived, ordered, returned
from engine.studies.cells import cells, study_as_json
from engine.studies.checks import check_data
from engine.studies.columns import columns, labels_hold
from engine.studies.from_runs import study_of
from engine.studies.study import Study, parse_study
from engine.work.worker import Job

ALL = "every task's data"
OTHER = {"labels": "classes", "dataset": {"name": "digits", "classes": 3}}


def study(labels: list[int | None], **changes: Any) -> Study:
    """Two tasks at once, of glyphs and of digits, and glyphs alone."""
    backbone = {"name": "conv4", "image_size": 16}
    body = {
        "title": "Two sets", "dataset": {"name": "glyphs", "classes": 4}, "labels": labels, "seeds": [0, 1],
        "tasks": [{"labels": "classes"}, OTHER],
        "arms": [{"title": "At once", "backbone": backbone, "method": {"name": "equal"}},
                 {"title": "Alone", "backbone": backbone, "method": {"name": "scratch"}}],
    }  # fmt: skip
    return parse_study(body | changes)


def counts(of: Study) -> set[tuple[int | None, int | None]]:
    """(labels of the study's own data, of the other task's) in the cells with several tasks."""
    runs = [cell.experiment for cell in cells(of) if cell.arm == 0]
    others = [one.tasks[1].dataset for one in runs]
    return {(run.dataset.labels_per_class, one.labels_per_class) for run, one in zip(runs, others, strict=True) if one}


def test_a_study_of_before_keeps_its_text_and_its_cells() -> None:
    plain = study([2, 5])
    assert "labels_of" not in plain.canonical()
    assert "labels_of" not in study_as_json(plain)
    assert parse_study(study_as_json(plain)) == plain
    assert counts(plain) == {(2, None), (5, None)}
    whole = study([2, 5], labels_of=ALL)
    assert parse_study(study_as_json(whole)) == whole
    alone = [[cell.key for cell in cells(one) if cell.arm == 1] for one in (plain, whole)]
    assert alone[0] == alone[1], "an arm that learns one task is the same run"


def test_counts_of_every_task_reach_its_own_data_and_none_else() -> None:
    assert counts(study([2, 5, None], labels_of=ALL)) == {(2, 2), (5, 5), (None, None)}
    assert len({cell.key for cell in cells(study([2, 5], labels_of=ALL))}) == 8


def test_it_is_told_which_data_the_counts_hold_for() -> None:
    assert labels_hold(study([2, 5], labels_of=ALL)) == "The label counts hold for the data of every task."
    assert labels_hold(study([2, 5])) == (
        "The label counts hold for Glyphs alone: Handwritten digits has all labels in all of them."
    )
    few = {**OTHER, "dataset": {**OTHER["dataset"], "labels_per_class": 7}}  # type: ignore[dict-item]
    assert "Handwritten digits has 7 labels per class" in labels_hold(study([2, 5], tasks=[{"labels": "classes"}, few]))
    for silent in (study([None]), study([2, 5], tasks=[]), study([2, 5], tasks=[{"labels": "classes"}] * 2)):
        assert not labels_hold(silent)


def test_more_labels_than_a_class_of_any_task_has_are_told_before_anything_runs() -> None:
    turned = {
        "dataset": OTHER["dataset"],
        "tasks": [{"labels": "classes"}, {"dataset": {"name": "glyphs", "classes": 4}}],
    }
    check_data(study([60], **turned))  # of the digits alone
    with pytest.raises(InvalidExperiment, match="has 15 training images"):
        check_data(study([60], **turned, labels_of=ALL))


def run(few: int | None, others: int | None) -> Experiment:
    task = {**OTHER, "dataset": {**OTHER["dataset"], "labels_per_class": others}}  # type: ignore[dict-item]
    data = {"name": "glyphs", "classes": 4, "labels_per_class": few}
    return parse_experiment({"dataset": data, "tasks": [{}, task], "method": {"name": "equal"}})


@pytest.mark.parametrize(("runs", "whose"), [
    ([run(2, 2), run(5, 5)], ALL), ([run(2, None), run(5, None)], "own data"), ([run(None, None)], ALL),
])  # fmt: skip
def test_a_study_made_of_runs_has_them_among_its_cells(runs: list[Experiment], whose: str) -> None:
    made = study_of(runs)
    assert made.labels_of == whose
    found = {cell.experiment.canonical() for cell in cells(made)}
    assert not [one for one in runs if complete(one).canonical() not in found]


def test_a_cell_has_its_labels_wherever_it_is_worked(tmp_path: Path) -> None:
    """A machine of a cluster is told of every task's, and what it leaves is the cell's own experiment again."""
    for cell in cells(study([2, None], labels_of=ALL, device=CLUSTER)):
        asked = cell.experiment
        order, _ = ordered(Job(asked, tmp_path / "runs" / "own"), 1, "topic")
        there = arrived(Order.heard(order.told()).experiment, tmp_path, "cpu")
        assert there.digest() == asked.digest()
        assert [one.dataset for one in there.tasks] == [one.dataset for one in asked.tasks]
        assert Experiment.model_validate_json(returned(there.model_dump_json().encode(), asked)) == asked


@pytest.mark.parametrize(("order", "stages"), [("all at once", 1), ("first alone", 1), ("one after the other", 2)])
def test_what_was_known_before_has_columns_where_an_arm_learns_in_stages(order: str, stages: int) -> None:
    way = {"name": "equal", "hyperparameters": {"order": order}}
    found = [one.title for one in columns(study([2], arms=[{"title": "An arm", "method": way}]), "test/accuracy")]
    now = ["Glyphs", "Handwritten digits"]
    assert found == now + [f"{title}, after its first stage" for title in now] * (stages > 1)
