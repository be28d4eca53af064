"""How sure a meta-learner may be of classes by hand: as it was measured, also since it was opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.comparison.wording import percent
from ui.background import Background
from ui.trying.hand.work import HandWork

if TYPE_CHECKING:
    from engine.using.by_hand import HeadLearner, TaskLearner
    from engine.using.calibration import Calibration

KEY = "hand sureness"
UNCALIBRATED = "Shares are as the method gives them: how sure they are is not measured."
MEASURABLE = f"{UNCALIBRATED} Page Runs measures it."


def sure_words(by: TaskLearner | HeadLearner) -> str:
    """What the shares rest on, in a sentence or two."""
    found = by.calibration
    if found is None:
        return MEASURABLE if by.learns_tasks else UNCALIBRATED
    errors = f"{percent(found.after.error.value)} instead of {percent(found.before.error.value)}"
    return f"Shares are {found.rests_on} (calibration error {errors}). For other shapes it was not measured."


def look_again(work: HandWork, background: Background, runs: Path) -> None:
    """Where how sure the network may be was measured since it was opened, it answers so from now on."""
    by, source = work.by, work.source
    if by is None or source is None or not by.learns_tasks or by.calibration is not None:
        return
    folder = runs / source.answering.run

    def read(_: object) -> Calibration | None:
        from engine.using import calibration

        return calibration.read(folder)

    def take(found: Calibration | None) -> None:
        if found is not None and work.by is by:
            by.calibration = found
            work.look_at(work.drawn)

    background.run(read, take, key=KEY)
