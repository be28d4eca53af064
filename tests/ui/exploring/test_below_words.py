"""What stands below a matrix is whole, however narrow the matrix is."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.exploring.confusion_matrix import below_words

WHOLE, LEGEND = "predicted class (orange: more, blue: less)", "orange: more, blue: less"


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("share", [0.2, 0.7, 1.0])
def test_it_fits(qapp: QApplication, signed: bool, share: float) -> None:
    metrics = QFontMetricsF(theme.font("small"))
    for room in range(150, 600, 25):
        assert metrics.horizontalAdvance(below_words(signed, share * room, room)) <= room


def test_as_much_is_said_as_there_is_room_for(qapp: QApplication) -> None:
    wide = QFontMetricsF(theme.font("small")).horizontalAdvance(WHOLE)
    assert below_words(True, wide, wide + 80) == below_words(True, 10, wide) == WHOLE
    assert below_words(True, 10, wide - 1) == LEGEND
    assert below_words(False, 10, 100) == "predicted class"
