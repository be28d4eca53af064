"""How sure a run's network may say that it is, in a file of the run's folder. Torch-free.

One temperature divides what the network gives for each class before it becomes a probability (Guo et al. 2017): the
answer stays, its probability changes. It is chosen on the run's validation images, by their likelihood; what it is
worth is measured on its test images.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.comparison.intervals import Interval
from engine.comparison.reliability import TASKS, Answered, Reliability, heard, lowered, reliability, told
from engine.comparison.temperature import Labels, Logits, probabilities
from engine.comparison.unlike import Threshold
from engine.comparison.wording import count
from engine.machine.files import write_text

FILE, FORMAT = "calibration.json", 2


@dataclass(frozen=True, eq=False)
class Calibration:
    """weights: name of the file of weights and its digest. fitted_on: validation images, or texts; what: they are.
    before, after: of the test images, by the probabilities of the network and by the calibrated ones. lowered: how much
    smaller the calibration error became. conditions: what holds for all of it: the split, its seed, how batch norm
    works."""

    weights: tuple[str, str]
    temperature: float
    fitted_on: int
    before: Reliability
    after: Reliability
    lowered: Interval
    refusal: Threshold
    conditions: Mapping[str, str]
    what: str = "images"

    @property
    def rests_on(self) -> str:
        """ "calibrated on 396 validation images", "calibrated on 100 validation tasks, 5 classes with 2 examples"."""
        if TASKS in self.conditions:
            return f"calibrated on {self.conditions[TASKS]}"
        return f"calibrated on {count(self.fitted_on, self.what, 'validation ')}"


def measured(logits: Logits, labels: Labels, temperature: float) -> tuple[Reliability, Reliability, Interval]:
    """On test images [n]: reliability before and after, and how much smaller the error became."""
    before, after = (Answered.of(probabilities(logits, one), labels) for one in (1.0, temperature))
    return reliability(before), reliability(after), lowered(before, after)


# On disk


def write(found: Calibration, folder: Path) -> None:
    """Raises OSError."""
    body = {
        "format": FORMAT, "weights": found.weights, "temperature": found.temperature, "fitted_on": found.fitted_on,
        "before": found.before.told(), "after": found.after.told(), "lowered": told(found.lowered),
        "refusal": asdict(found.refusal), "conditions": dict(found.conditions), "what": found.what,
    }  # fmt: skip
    write_text(folder / FILE, json.dumps(body, ensure_ascii=False) + "\n")


def keep(found: Calibration, folder: Path) -> None:
    """Write it where there is room; else it is measured again."""
    with suppress(OSError):
        write(found, folder)


def read(folder: Path) -> Calibration | None:
    """What was written of the weights that lie there now; None where nothing was, or it is damaged or of others."""
    try:
        found = _heard(json.loads((folder / FILE).read_text(encoding="utf-8")))
        return found if digest_of(folder / found.weights[0]) == found.weights[1] else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _heard(body: Mapping[str, Any]) -> Calibration:
    if body["format"] != FORMAT:
        raise ValueError("another version's")
    name, digest = body["weights"]
    said = body["refusal"]
    return Calibration(
        (Path(name).name, str(digest)),
        float(body["temperature"]),
        int(body["fitted_on"]),
        Reliability.heard(body["before"]),
        Reliability.heard(body["after"]),
        heard(body["lowered"]),
        Threshold(float(said["threshold"]), float(said["rate"]), int(said["n"])),
        {str(key): str(value) for key, value in body["conditions"].items()},
        str(body.get("what", "images")),
    )


def digest_of(file: Path) -> str:
    """Of all its bytes; raises OSError."""
    with file.open("rb") as body:
        return hashlib.file_digest(body, "sha256").hexdigest()[:32]
