"""From the command line into the window."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ui.terminal.workspaces import open_workspace

if TYPE_CHECKING:
    from engine.plan import Plan


def open_workbench(chosen: argparse.Namespace) -> int:
    """Open the window and stay until it is closed; a bad workspace is told before any window."""
    from ui.window.app import run_window

    return run_window(open_workspace(chosen.workspace))


def open_demo(chosen: argparse.Namespace, plan: Plan) -> int:
    """Open the window with the demo's arms in line; it ends on their comparison."""
    from ui.demo import start_demo
    from ui.window.app import run_window

    return run_window(open_workspace(chosen.workspace), lambda parts: start_demo(parts, plan))
