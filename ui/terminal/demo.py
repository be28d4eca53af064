"""`demo`: three ways to learn 40 classes from two labels each, in the window or, without a display, off-screen."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from engine.comparison.wording import duration
from engine.plan import Plan, preset
from ui.window.qt_check import display_problem

PICTURE = "demo-comparison.png"
WITHOUT_A_SCREEN = ("offscreen", "minimal", "vnc")


def run_demo(chosen: argparse.Namespace) -> int:
    plan = preset("demo")
    if wants_window(chosen):
        from ui.terminal.window import open_demo

        return open_demo(chosen, plan)
    return run_off_screen(chosen, plan)


def wants_window(chosen: argparse.Namespace) -> bool:
    """True where a person can see a window and did not ask for text."""
    hidden = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0] in WITHOUT_A_SCREEN
    return not (chosen.no_window or chosen.json or hidden) and display_problem() is None


def run_off_screen(chosen: argparse.Namespace, plan: Plan) -> int:
    """The same arms with progress on the terminal, then the table with its verdicts and a picture."""
    from ui.terminal.checks import check
    from ui.terminal.display import make_display
    from ui.terminal.picture import save_picture
    from ui.terminal.run import run_plan
    from ui.terminal.verdicts import load_comparison, print_comparison
    from ui.terminal.workspaces import open_workspace

    began = time.monotonic()
    workspace = open_workspace(chosen.workspace)
    display = make_display(chosen.json)
    check(plan.experiments)
    display.say(f"{plan.title}\n{plan.description}")
    rows, code = run_plan(plan, workspace, display)
    tested = [row.id for row in rows if row.test is not None]
    if len(tested) > 1:
        print_comparison(load_comparison(workspace, tested), chosen.json)
        save_picture(workspace, tested, Path(chosen.output or workspace.root / PICTURE), display, plan.title)
    display.say(f"The demo took {duration(time.monotonic() - began)}.")
    return code
