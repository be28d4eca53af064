"""The view of test images, on a background of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from ui import theme
from ui.background import Background
from ui.exploring.explorer import Explorer


@pytest.fixture
def explorer(qtbot: QtBot, qapp) -> Iterator[Explorer]:
    theme.apply(qapp, "light")
    background = Background()
    view = Explorer(background)
    qtbot.addWidget(view)
    view.resize(900, 900)
    view.show()
    yield view
    background.close()
    background.wait()
