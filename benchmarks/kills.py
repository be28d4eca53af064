"""What kill -9 costs: runs killed at random moments, resumed, and compared bit for bit with one that was left alone.

    python -m benchmarks.kills [--kills 100] [--kinds maml …] [--at-once 3] [--minutes 60] [--seed 0] [--imported]

Nine kinds of run, each in a process and a workspace of its own. A run is killed up to --at-once times, at moments drawn
evenly from its length, and goes on each time by `main.py resume`, or a study by `main.py study continue`. After every
kill the database is checked; at the end curves, figures, predictions, trials and weights must be those of a run that
nobody killed. --imported makes the processes by forking one that has imported the program, which saves its start.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.killed import Kill, Process, differences, import_all, look, saved

EARLY = 10.0  # seconds after which there must be something to resume


def run(*more: str, data: str = "digits", **values: object) -> list[str]:
    options = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    return ["run", "--json", "--data", data, *more, *options]


FEW = {"validate_every": 10, "validation_episodes": 10, "test_episodes": 30}
SMALL = ("--image-size", "16")
KINDS: dict[str, list[str]] = {
    "lp_ft": run("--method", "lp_ft", "--labels-per-class", "10", *SMALL, epochs=40, probe_epochs=40),
    "full": run("--method", "full_ft", "--labels-per-class", "10", *SMALL, epochs=40, augmentation="shift and turn",
                mixup=0.2, ema=0.99, schedule="one-cycle"),
    "gradual": run("--method", "gradual", "--labels-per-class", "10", *SMALL, epochs=40, epochs_per_block=6),
    "maml": run("--method", "maml", *SMALL, data="glyphs", steps=60, meta_batch=2, **FEW),
    "maml_pp": run("--method", "maml_pp", *SMALL, data="glyphs", steps=40, meta_batch=2, **FEW),
    "protonet": run("--method", "protonet", *SMALL, data="glyphs", steps=100, training_way=10, **FEW),
    "search": run("--method", "linear_probe", "--labels-per-class", "10", *SMALL, "--search", "8", "--folds", "3",
                  epochs=30),
    "head_bench": run("--method", "head_bench", *SMALL, repeats=4, most_labels=5),
    "study": ["study", "SPEC", "--json"],
}  # fmt: skip
STUDY = {
    "name": "kills", "title": "Killed and continued", "dataset": {"name": "digits"}, "labels": [5], "seeds": [0, 1],
    "arms": [
        {"title": name, "backbone": {"name": "conv4", "weights": "omniglot-supervised", "image_size": 16},
         "method": {"name": name, "hyperparameters": {"epochs": epochs}}}
        for name, epochs in (("linear_probe", 60), ("full_ft", 12))
    ],
}  # fmt: skip


# All of them


@dataclass
class Kind:
    """length: seconds from the first word to the end of the run that was left alone."""

    name: str
    folder: Path
    imported: bool
    length: float = 0.0
    expected: dict[str, dict[str, Any]] = field(default_factory=dict)

    def begin(self, workspace: Path) -> Process:
        workspace.mkdir(parents=True)
        spec = workspace / "study.json"
        spec.write_text(json.dumps(STUDY), encoding="utf-8")
        given = [str(spec) if part == "SPEC" else part for part in KINDS[self.name]]
        return Process(given, workspace, self.imported)

    def go_on(self, workspace: Path) -> Process:
        given = ["study", "continue", "1", "--json"] if self.name == "study" else ["resume", "1", "--json"]
        return Process(given, workspace, self.imported)

    def left_alone(self) -> None:
        workspace = self.folder / f"{self.name}-whole"
        process = self.begin(workspace)
        assert process.end() == 0, (workspace / "errors.txt").read_text(encoding="utf-8")
        self.length = process.length
        self.expected = saved(workspace)

    def killed(self, workspace: Path, moments: list[float]) -> tuple[list[Kill], list[str]]:
        """Killed at these shares of its length, resumed each time; what was found, and what differs at the end."""
        process, kills = self.begin(workspace), list[Kill]()
        for share in moments:
            process.first_word()
            if process.wait(share * self.length):
                if not kills:  # the machine is quicker than before
                    self.length = process.length
                break
            age = process.kill()
            if saved(workspace).keys() == self.expected.keys():  # it was over, only its process was not
                return kills, differences(saved(workspace), self.expected)
            kills.append(look(workspace, process, age))
            process = self.go_on(workspace)
        code = process.end()
        wrong = [] if code == 0 else [f"exit code {code}"]
        return kills, wrong + differences(saved(workspace), self.expected)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--kinds", nargs="+", choices=[*KINDS], default=[*KINDS])
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--at-once", type=int, default=3, help="kills of one run at most")
    asked.add_argument("--minutes", type=float, default=1e9, help="begin no further run after so long")
    asked.add_argument("--imported", action="store_true")
    chosen = asked.parse_args()
    if chosen.imported:
        import_all()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="kills-"))
    kinds = [Kind(name, folder, chosen.imported) for name in chosen.kinds]
    sys.exit(min(1, all_kills(kinds, chosen, random.Random(chosen.seed))))


def all_kills(kinds: list[Kind], chosen: argparse.Namespace, draw: random.Random) -> int:
    """Kill until there were enough; returns how many runs differ."""
    found: dict[str, list[Kill]] = {kind.name: [] for kind in kinds}
    different = number = done = 0
    end = time.monotonic() + 60 * chosen.minutes
    while done < chosen.kills and time.monotonic() < end:
        kind = kinds[number % len(kinds)]
        if not kind.expected:
            kind.left_alone()
        count = min(chosen.at_once, chosen.kills - done)
        moments = [draw.uniform(0, 1 / (1 + place / 2)) for place in range(count)]
        kills, wrong = kind.killed(kind.folder / f"{kind.name}-{number}", moments)
        found[kind.name] += kills
        done, number, different = done + len(kills), number + 1, different + bool(wrong)
        words = f"DIFFERENT: {', '.join(wrong)}" if wrong else "the same to the last bit"
        told = ", ".join(f"{kill.age:.1f} (points lost {kill.lost:.2f})" for kill in kills)
        print(f"{kind.name}: {len(kills)} kills at {told} s, {words}", flush=True)
    report(found, number, different)
    return different


def report(found: dict[str, list[Kill]], runs: int, different: int) -> None:
    kills = [kill for each in found.values() for kill in each]
    late = [kill for kill in kills if kill.age >= EARLY]
    lost = [kill.lost for kill in kills] or [0.0]
    faults = sum(bool(kill.faults) for kill in kills)
    print(f"\n{len(kills)} kills of {runs} runs: {', '.join(f'{name} {len(each)}' for name, each in found.items())}")
    print(f"{different} runs differ from those left alone; {faults} databases with faults")
    print(f"nothing to resume: {sum(not kill.resumable for kill in kills)}, of those after {EARLY:.0f} s "
          f"{sum(not kill.resumable for kill in late)} of {len(late)}")  # fmt: skip
    print(f"points lost: median {statistics.median(lost):.3f} s, worst {max(lost):.3f} s; "
          f"trials lost: {sum(kill.trials_lost for kill in kills)}")  # fmt: skip


if __name__ == "__main__":
    main()
