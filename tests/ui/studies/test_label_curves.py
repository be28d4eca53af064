"""The curves of studies over label counts: every count that is asked for stands on the axis, all labels as well."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.studies.cells import cells
from engine.studies.study import Study, study_presets
from engine.studies.table import CellOutcome, study_table
from ui.studies.curves import across_labels, curve, line_of, paint_curves
from ui.studies.figure import StudyFigure
from ui.studies.view import View, curve_places

OVER_LABELS = [one for one in study_presets() if one.figure == "labels" and len(set(one.labels) - {None}) > 1]


def shown(study: Study) -> View:
    outcomes = {cell.key: CellOutcome({study.target.metric: 0.5 + 0.01 * cell.seed}) for cell in cells(study)}
    return View(study_table(study, outcomes))


@pytest.mark.parametrize("study", OVER_LABELS, ids=lambda one: one.name)
def test_every_count_has_a_point_of_every_arm(study: Study, qapp: QApplication) -> None:
    view = shown(study)
    across = across_labels(view)
    assert [words for _, words in across.named] == [
        *(f"{n:,}" for n in sorted(n for n in study.labels if n)), *(["all"] if None in study.labels else []),
    ]  # fmt: skip
    at = [value for value, _ in across.named]
    assert at == sorted(at)
    shift, name, _ = curve_places(view.table)[0]
    for arm in range(len(study.arms)):
        assert [x for x, _, _ in line_of(view, arm, curve(view, arm, shift, name)).points] == at
    image = QImage(700, 420, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    marks = paint_curves(painter, QSizeF(700, 420), view)
    painter.end()
    assert len([words for _, words in marks if "all labels" in words.lower()]) == (None in study.labels) * len(
        study.arms
    )


def test_there_are_some_with_all_labels() -> None:
    assert {one.name for one in OVER_LABELS if None in one.labels} >= {"ulmfit"}


@pytest.mark.parametrize("study", study_presets(), ids=lambda one: one.name)
def test_a_question_keeps_its_mark_alone(study: Study, qtbot: QtBot) -> None:
    figure = StudyFigure()
    qtbot.addWidget(figure)
    figure.show_view(shown(study))
    assert figure.title.startswith(study.title)
    assert not set("?!:.") & set(figure.title[len(study.title) + 1 :])
    assert "?:" not in figure.title
