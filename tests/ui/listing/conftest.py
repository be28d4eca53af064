"""The window begins with the list of runs."""

from __future__ import annotations

import pytest


@pytest.fixture
def first_page() -> str:
    return "runs"
