"""A picture of a comparison from the terminal, drawn by Qt off-screen; without Qt one sentence says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
