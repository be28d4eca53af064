"""The demo in the window: each arm is shown as it runs, and it ends on the comparison of all of them."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from engine.plan import parse_plan
from ui.demo import start_demo
from ui.window.main_window import MainWindow


def arm(epochs: int) -> dict[str, object]:
    return {
        "dataset": {"name": "digits", "labels_per_class": 2},
        "method": {"name": "scratch", "hyperparameters": {"epochs": epochs}},
    }


def test_the_demo_ends_on_the_comparison(qtbot: QtBot, window: MainWindow) -> None:
    shown: list[int] = []
    compared: list[list[int]] = []
    opened = {"runs": shown, "compare": compared}
    window.parts.navigator.opened.connect(lambda page, request: opened[page].append(request))
    plan = parse_plan({"name": "demo", "title": "Two arms.", "experiments": [arm(1), arm(2)]}, "demo")
    start_demo(window.parts, plan)
    qtbot.waitUntil(lambda: "runs" in window.pages)
    qtbot.waitUntil(lambda: bool(compared))
    qtbot.waitUntil(lambda: window.stack.currentWidget() is window.pages.get("compare"))
    assert compared[0] == sorted(set(shown))
    assert len(compared[0]) == 2
