"""The window begins with New experiment, also where a test asks for no `page` of it."""

from __future__ import annotations

import pytest

from ui.window.main_window import FIRST


@pytest.fixture
def first_page() -> str:
    return FIRST
