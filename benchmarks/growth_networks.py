"""What grows with the tasks of a meta-step, for `benchmarks.growth`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.growth_curve import Curve, Work
from benchmarks.meta_speed_arms import Row, own

TASKS = (1, 2, 4, 8, 16, 32, 64)
MAML = Row("maml", 5, 1, 1, steps=1)
PROTONET = Row("protonet", 5, 1, 5)


def step_of(row: Row, size: int) -> Work:
    """A step over so many tasks, after one that is not counted."""
    work, _ = own(replace(row, tasks=size))
    work()
    return work


def maml(size: int, folder: Path, after: ExitStack) -> Work:
    return step_of(MAML, size)


def protonet(size: int, folder: Path, after: ExitStack) -> Work:
    return step_of(PROTONET, size)


CURVES = (
    Curve("a step of MAML, 5-way 1-shot", "tasks", TASKS, maml),
    Curve("a step of ProtoNet, 5-way 1-shot", "tasks", TASKS, protonet),
)
