"""Numbers on coloured ground stand out, whatever the colour."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from ui import theme


@pytest.mark.parametrize(
    ("ground", "ink"),
    [("#E69F00", "#000000"), ("#D55E00", "#000000"), ("#CC79A7", "#000000"), ("#0072B2", "#ffffff"),
     ("#16181C", "#ffffff"), ("#FFFFFF", "#000000")],
)  # fmt: skip
def test_the_ink_is_the_one_of_more_contrast(qtbot: QtBot, ground: str, ink: str) -> None:
    assert theme.ink_on(QColor(ground)).name() == ink
