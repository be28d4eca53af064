"""A study made of runs has those runs among its cells, whatever they differ in, and says what it cannot hold."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InvalidExperiment
from engine.experiment import Experiment, parse_experiment
from engine.registry import complete
from engine.studies.cells import cells
from engine.studies.from_runs import more_seeds, study_of


def run(method: str = "lp_ft", seed: int = 0, values: dict[str, Any] | None = None, **more: Any) -> Experiment:
    data = {"name": "digits", "labels_per_class": 5} | more.pop("data", {})
    chosen = {"name": method, "hyperparameters": values or {}}
    return parse_experiment({"dataset": data, "method": chosen, "seed": seed, **more})


NOISE = {"kind": "noise", "severity": 3}
MIXES: dict[str, list[Experiment]] = {
    "methods": [run(), run("full_ft"), run("scratch", seed=7)],
    "one method, other values": [run(values={"epochs": 3}), run(values={"epochs": 4}, seed=1)],
    "labels": [run(), run(data={"labels_per_class": 2}), run(data={"labels_per_class": None})],
    "shifts": [run(data={"shift": NOISE}), run()],
    "weights": [run(backbone={"weights": "omniglot-supervised"}), run()],
    "searches": [run(search={"trials": 3}), run(search={"trials": 4})],
    "splits that follow the seed": [run(seed=seed, data={"split_seed": seed}) for seed in (2, 3)],
    "shots": [run(m, values={"shot": s}, data={"name": "glyphs", "labels_per_class": None})
              for m in ("maml", "protonet") for s in (1, 5)],
    "distances": [run("maml", data={"name": "regions", "labels_per_class": None, "distance": d}) for d in (0.5, 2.0)],
    "time and precision": [run(budget={"minutes": 2}, precision="bfloat16"), run("full_ft", budget={"minutes": 2},
                                                                             precision="bfloat16")],
}  # fmt: skip


@pytest.mark.parametrize("mix", MIXES)
def test_every_run_is_a_cell_of_its_study(mix: str) -> None:
    runs = MIXES[mix]
    study = study_of(runs)
    found = {cell.experiment.canonical() for cell in cells(study)}
    assert [one.seed for one in runs if complete(one).canonical() not in found] == []
    assert len(study.seeds) >= 5
    assert len({arm.title for arm in study.arms}) == len(study.arms)


@pytest.mark.parametrize(("second", "words"), [
    (run(data={"name": "glyphs"}), "data"), (run(data={"classes": 3}), "data"), (run(budget={"minutes": 1}), "time"),
    (run(precision="bfloat16"), "precision"), (run(data={"split_seed": 4}), "split seed"),
])  # fmt: skip
def test_what_a_study_keeps_alike_is_told(second: Experiment, words: str) -> None:
    with pytest.raises(InvalidExperiment, match=words) as caught:
        study_of([run(), second])
    assert caught.value.advice.startswith("Choose runs")


def test_seeds_are_kept_and_others_are_added() -> None:
    assert more_seeds([0]) == [0, 1, 2, 3, 4]
    assert more_seeds([7, 3, 7]) == [3, 7, 0, 1, 2]
    assert more_seeds(range(5)) == list(range(10))
    assert len(more_seeds(range(12))) == 17


def test_two_tasks_are_drawn_one_against_the_other_and_named_by_their_order() -> None:
    study = study_of([run("equal", values={"order": order})
                      for order in ("one after the other", "all at once")])  # fmt: skip
    assert study.figure == "tasks"
    assert [arm.title for arm in study.arms] == ["Plain sum, one after the other", "Plain sum, all at once"]
    assert study_of([run(), run("full_ft")]).figure == "arm"
