"""What the arms of a study that learn several tasks gain or lose by it, against its arms that learn one alone."""

from __future__ import annotations

from engine.comparison.joint import ByTask, Gain, gains
from engine.studies.columns import task_figure
from engine.studies.table import StudyTable


def joint_gains(table: StudyTable) -> list[Gain]:
    """Of each arm with figures of all tasks, where the study's grid has one place; none without arms for each task
    alone."""
    if len(table.study.labels) * len(table.study.conditions) > 1:
        return []
    place = {column.name: number for number, column in enumerate(table.columns)}
    figures: dict[str, ByTask] = {
        arm.title: {task: row[place[task_figure(table.metric, task)]].scores for task in table.tasks}
        for arm, row in zip(table.study.arms, table.entries, strict=True)
    }
    return gains(figures, table.tasks, table.metric)
