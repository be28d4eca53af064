"""The ways to try a saved run, as they stand beside each other on the page. A new one is one line here."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from ui.parts import Parts
from ui.trying.hand.pane import HandPane
from ui.trying.images_pane import ImagesPane

PANES: dict[str, Callable[[Parts], QWidget]] = {
    "Images and texts": ImagesPane,
    "Classes by hand": HandPane,
}
