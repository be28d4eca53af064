"""How chosen runs become sides: titles that tell them apart, colours that differ, the base, the best two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.events import RunState
from engine.experiment import Experiment
from engine.naming import run_name
from storage.store import RunRow
from tests.ui.comparison.saved_runs import experiment, figure
from ui.comparison.side_names import distinct_looks, own_name
from ui.comparison.sides import ComparedRun, compare, make_sides


def run(number: int, settings: Experiment, wrong: int | None = 10, name: str = "", **more: object) -> ComparedRun:
    row = RunRow(number, f"u{number}", name or run_name(settings), RunState.FINISHED, "finetune", settings,
                 settings.group_hash(), float(number), **more)  # fmt: skip
    return ComparedRun(row, None if wrong is None else figure(wrong, settings.seed))


def titles_of(*runs: ComparedRun) -> list[str]:
    return [side.title for side in make_sides(runs)]


def test_sides_are_named_by_method() -> None:
    assert titles_of(run(1, experiment("lp_ft")), run(2, experiment("scratch"))) == ["LP-FT", "From scratch"]


def test_sides_of_one_method_are_named_by_what_differs() -> None:
    found = titles_of(run(1, experiment("lp_ft", labels=1)), run(2, experiment("lp_ft", labels=5)))
    assert found == ["LP-FT, 1 label per class", "LP-FT, 5 labels per class"]
    found = titles_of(run(1, experiment("lp_ft", epochs=10)), run(2, experiment("lp_ft", epochs=30)))
    assert found == ["LP-FT, epochs 10", "LP-FT, epochs 30"]


def test_what_is_only_measured_is_said_where_nothing_else_differs() -> None:
    def kept(words: str, epochs: int) -> ComparedRun:
        settings = experiment("lp_ft", epochs=epochs)
        start = settings.backbone.model_copy(update={"what_it_keeps": words})
        return run(epochs, settings.model_copy(update={"backbone": start}))

    assert titles_of(kept("each epoch", 10), kept("not measured", 30)) == [
        "LP-FT, epochs 10, what it keeps each epoch", "LP-FT, epochs 30, what it keeps not measured",
    ]  # fmt: skip


def test_a_side_of_the_method_of_one_with_a_name_is_told_from_it() -> None:
    named, plain = run(1, experiment("lp_ft", labels=1), name="Gentle"), run(2, experiment("lp_ft", labels=5))
    assert titles_of(named, plain) == ["Gentle", "LP-FT, 5 labels per class"]
    assert titles_of(named, run(3, experiment("scratch"))) == ["Gentle", "From scratch"]


def test_a_name_the_person_gave_is_kept_without_the_seed_and_cut_when_long() -> None:
    first = run(1, experiment("lp_ft", 0), name="Gentle, seed 0")
    second = run(2, experiment("lp_ft", 1), name="Gentle, seed 1")
    third = run(3, experiment("scratch"), name="x" * 90)
    assert titles_of(first, second, third) == ["Gentle", "x" * 39 + "…"]
    long = "The network from last Thursday, after the talk on "
    alike = [run(number, experiment("lp_ft", 0, number), name=f"{long}{end}") for number, end in ((5, "A"), (6, "B"))]
    assert titles_of(*alike) == [
        "The network from la…after the talk on A",
        "The network from la…after the talk on B",
    ]
    assert own_name([run(4, experiment("lp_ft", 3)).row]) is None


def test_seeds_of_one_configuration_are_sides_of_their_own() -> None:
    found = make_sides([run(1, experiment(seed=0)), run(2, experiment(seed=1))])
    assert [side.title for side in found] == ["LP-FT, seed 0", "LP-FT, seed 1"]


def test_a_seed_run_twice_counts_once_and_the_newer_is_taken() -> None:
    (side, _) = make_sides([run(1, experiment(), 30), run(9, experiment(), 12), run(3, experiment("scratch"))])
    assert len(side.runs) == 2
    assert [result.value for _, result in side.tested] == [0.9]
    assert side.basis.startswith("1 seed · 120 test images")


def colours(*run_ids: int) -> list[int]:
    return [colour for colour, _ in distinct_looks(run_ids)]


@pytest.mark.parametrize("count", range(1, 13))
def test_twelve_sides_look_different_and_six_have_a_colour_each(count: int) -> None:
    for run_ids in (range(count), [5] * count, range(100, 100 + 7 * count, 7)):
        assert len(set(distinct_looks(run_ids))) == count
        assert len(set(colours(*run_ids))) == min(count, 6)


def test_a_run_keeps_its_colour_and_the_two_blues_do_not_meet() -> None:
    assert colours(1, 2, 3) == [1, 2, 3]
    assert colours(1, 7, 13) == [1, 2, 3]  # all three would be colour 1
    assert colours(5, 6) == [5, 1]  # 5 and 0 are blue
    assert colours(0, 5, 11) == [0, 1, 2]


def test_the_baseline_is_from_scratch_and_the_best_two_are_compared() -> None:
    found = compare(
        [run(1, experiment("lp_ft"), 10), run(2, experiment("full_ft"), 30), run(3, experiment("scratch"), 70)]
    )
    assert found is not None
    assert found.base.title == "From scratch"
    assert found.best_two is not None
    assert [side.title for side in found.best_two[:2]] == ["LP-FT", "Full fine-tuning"]
    assert found.best_two[2].kind == "one seed"


@pytest.mark.parametrize(("state", "words"), [
    (RunState.RUNNING, "has no test result yet"), (RunState.QUEUED, "has no test result yet"),
    (RunState.FAILED, "failed before its test"), (RunState.INTERRUPTED, "was interrupted before its test"),
    (RunState.STOPPED, "was stopped before its test"), (RunState.FINISHED, "has no test result"),
])  # fmt: skip
def test_a_run_without_a_result_is_told_not_compared(state: RunState, words: str) -> None:
    untested = run(1, experiment("lp_ft"), None)
    untested = replace(untested, row=replace(untested.row, state=state))
    found = compare([untested, run(2, experiment("scratch"))])
    assert found is not None
    (verdict,) = found.verdicts.values()
    assert verdict.kind == "not comparable"
    assert verdict.sentence == f"LP-FT {words}, so there is nothing to compare."


def test_one_run_is_no_comparison() -> None:
    assert compare([run(1, experiment())]) is None
