"""A head bench as a run: order of events, figures with their intervals, what is left out, stop and budget."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from engine.bench.figures import BENCH, FOLDS, figures, is_bench
from engine.comparison.arms import arm, disagreements
from engine.events import (
    EpochCompleted,
    Evaluated,
    Event,
    Metrics,
    Notice,
    Preparing,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
)
from engine.execute import execute
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice, Shift
from engine.heads.catalog import HEADS
from engine.preflight.cost import estimate
from tests.engine.tuning.resuming import cut_off, goes_on, keep_every_point, stopped
from tests.engine.tuning.resuming import figures as figures_said

FITS_OF_A_DRAW = 2 + 3 * 2  # within a draw of two labels: two fits, and three in each of two folds
T_975_OF_2 = 4.302652729749462  # Student's t for three draws


def bench(labels: int | None = None, most: str = "2", repeats: int = 3, **data: object) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=labels, **data),  # type: ignore[arg-type]
        backbone=BackboneChoice(weights="omniglot-supervised", image_size=16),
        method=MethodChoice(name="head_bench", hyperparameters={"most_labels": most, "repeats": repeats}),
    )


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    given = bench(tested_on=(Shift(kind="inversion"),))
    return list(execute(given, tmp_path_factory.mktemp("bench") / "run"))


def results(events: list[Event]) -> list[Evaluated]:
    return [event for event in events if isinstance(event, Evaluated)]


def test_every_head_is_streamed_at_every_count(story: list[Event]) -> None:
    started = next(event for event in story if isinstance(event, RunStarted))
    assert started.total_steps == 2
    assert isinstance(story[-1], RunFinished)
    streamed = [(event.step, name) for event in story if isinstance(event, Metrics) for name in event.values]
    tests = [(step, name) for step, name in streamed if name.startswith(BENCH)]
    assert tests == [(count, BENCH + head.name) for count in (1, 2) for head in HEADS]
    assert [step for step, name in streamed if name.startswith(FOLDS)] == [2] * len(HEADS)  # one label: no folds


def test_the_runs_own_figure_comes_first_and_can_be_believed(story: list[Event]) -> None:
    first = results(story)[0]
    assert first.metric == "test/accuracy"
    assert first.value == pytest.approx(float(np.mean(first.truth == first.predicted)))
    assert first.n == len(first.ids) == len(np.unique(first.ids)) == 539
    assert first.protocol["chosen by"].startswith("cross-validation, ")
    cells = [cell for cell in figures(results(story)) if cell.count == "2 labels"]
    assert first.protocol["head"] == max(cells, key=lambda cell: cell.folds).head


def test_a_cell_has_the_students_interval_over_its_draws(story: list[Event]) -> None:
    cells = [result for result in results(story) if is_bench(result)]
    assert [cell.name for cell in cells][:2] == [
        "test/accuracy, Nearest mean, 1 label", "test/accuracy, Nearest mean, cosine, 1 label",
    ]  # fmt: skip
    assert len(cells) == 2 * len(HEADS)
    for cell in cells:
        draws = np.asarray(cell.scores)
        half = T_975_OF_2 * draws.std(ddof=1) / 3**0.5
        assert (cell.n, cell.unit, len(draws)) == (3, "draws", 3)
        assert cell.low == pytest.approx(max(0.0, draws.mean() - half))
        assert cell.high == pytest.approx(min(1.0, draws.mean() + half))
        assert "3 draws of the labelled images" in cell.protocol["interval"]
        assert {"split", "split seed", "batch norm", "data", "head", "labels per class"} <= set(cell.protocol)


def test_cells_are_found_again_with_their_heads_and_folds(story: list[Event]) -> None:
    found = figures(results(story))
    assert {figure.head for figure in found} == {head.title for head in HEADS}
    assert {figure.position for figure in found} == {1, 2}
    streamed = {name: value for event in story if isinstance(event, Metrics) for name, value in event.values.items()}
    ridge = next(figure for figure in found if (figure.head, figure.position) == ("Ridge regression", 2))
    assert ridge.folds == pytest.approx(streamed[FOLDS + "ridge"], abs=5e-4)
    assert ridge.accuracy == streamed[BENCH + "ridge"]
    assert np.isnan(next(figure for figure in found if figure.position == 1).folds)


def test_further_test_sets_are_tested_with_the_chosen_head(story: list[Event]) -> None:
    plain, shifted = results(story)[0], next(one for one in results(story) if one.name.endswith("inversion"))
    assert (shifted.ids == plain.ids).all()
    assert shifted.protocol["shift"] == "Inversion"
    assert shifted.value != plain.value


def test_a_bench_stands_beside_other_methods(story: list[Event], tmp_path: Path) -> None:
    probe = Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=2),
        backbone=BackboneChoice(weights="omniglot-supervised", image_size=16),
        method=MethodChoice(name="linear_probe", hyperparameters={"epochs": 2}),
    )
    other = next(event for event in execute(probe, tmp_path / "run") if isinstance(event, Evaluated))
    assert disagreements(arm("bench", [(bench(), results(story)[0])]), arm("probe", [(probe, other)])) == []


def test_all_labels_are_one_draw_and_too_many_are_named(tmp_path: Path) -> None:
    events = list(execute(bench(labels=3, most="all"), tmp_path / "run"))
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert [text.partition(":")[0] for text in notices] == [f"{n} labels per class are left out" for n in (5, 10, 20)]
    assert all("has 3 training examples" in text for text in notices)
    last = results(events)[-1]
    assert (last.name, last.n, last.unit) == ("test/accuracy, Shrunk Mahalanobis, all labels", 539, "images")
    assert "Wilson, over 539 test images; one draw" in last.protocol["interval"]
    assert last.low < last.value < last.high


def test_one_label_per_class_cannot_choose_by_folds(tmp_path: Path) -> None:
    first = results(list(execute(bench(most="1", repeats=1), tmp_path / "run")))[0]
    assert first.protocol["head"] == "Nearest mean"
    assert "one label per class" in first.protocol["chosen by"]


def test_what_was_measured_before_a_stop_is_kept(tmp_path: Path) -> None:
    asked, events = threading.Event(), []
    for event in execute(bench(most="20", repeats=50), tmp_path / "run", asked.is_set):
        events.append(event)
        if isinstance(event, Metrics):
            asked.set()
    assert isinstance(events[-1], RunStopped)
    assert [one.name for one in results(events)] == [
        "test/accuracy", "test/accuracy, Nearest mean, 1 label",
    ]  # fmt: skip


def fits(events: list[Event]) -> int:
    return sum(isinstance(event, Preparing) and event.text.endswith("per class") for event in events)


@pytest.mark.parametrize("at,later", [(1, 30), (16, 0), (47, 4)])
def test_a_bench_goes_on_where_it_was(
    story: list[Event], at: int, later: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within its first cell, within another, and among those that cross-validate; finished draws are not met again."""
    keep_every_point(monkeypatch)
    given = bench(tested_on=(Shift(kind="inversion"),))
    first = cut_off(given, tmp_path, at, later)
    second = goes_on(given, tmp_path)
    assert figures_said(first) + figures_said(second) == figures_said(story)
    assert [event for event in first + second if isinstance(event, EpochCompleted)] == [
        event for event in story if isinstance(event, EpochCompleted)
    ]
    assert fits(first) + fits(second) <= fits(story) + FITS_OF_A_DRAW


def test_a_stopped_bench_goes_on(story: list[Event], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_every_point(monkeypatch)
    given = bench(tested_on=(Shift(kind="inversion"),))
    first = stopped(given, tmp_path, 11)
    assert figures_said(first + goes_on(given, tmp_path)) == figures_said(story)


def test_the_time_budget_keeps_what_was_measured(tmp_path: Path) -> None:
    given = bench(most="20", repeats=100).model_copy(update={"budget": Budget(minutes=0.02)})
    events = list(execute(given, tmp_path / "run"))
    assert isinstance(events[-1], RunFinished)
    assert any(isinstance(event, Notice) and "time budget" in event.text for event in events)
    assert 0 < len(results(events)) < 36


def test_fewer_images_than_the_smallest_count_is_a_sentence(tmp_path: Path) -> None:
    last = list(execute(bench(labels=1, most="1", classes=40), tmp_path / "run"))[-1]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert last.advice


def test_the_cost_counts_the_head_and_every_measurement() -> None:
    cost = estimate(bench(labels=3, most="all"))
    assert (cost.trainable, cost.parameters, cost.steps) == (650, 111_936 + 650, 3 * len(HEADS))
    assert 0 < cost.seconds_per_epoch < cost.seconds
    assert cost.memory_bytes > 4 * 111_936
