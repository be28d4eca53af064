"""The adviser's rules: they agree with what was measured, and every sentence has its numbers."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import registry
from engine.advice.adviser import PIXELS, DataFacts, Score, facts_of, preferred, recommend
from engine.advice.transfer_scores import candidates, sample, transfer_scores
from engine.backbones.info import OMNIGLOT
from engine.data.sources import load
from engine.errors import ExperimentError
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.preflight.problems import problems

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = {"Glyphs": DatasetChoice(name="glyphs", classes=40), "Digits": DatasetChoice(name="digits")}
METHODS = ("scratch", "full_ft", "linear_probe", "lp_ft")  # the columns of the table


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Score]]:
    runs = tmp_path_factory.mktemp("advice") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(runs))  # bundled weights only, whatever this machine has
        patch.setattr("engine.backbones.catalog.find_spec", lambda name: None)  # nor what comes in packages
        return {n: [s for s in transfer_scores(choice, runs) if isinstance(s, Score)] for n, choice in DATA.items()}


def measured_rows() -> list[tuple[str, int, dict[str, tuple[float, float]]]]:
    """(data, labels per class, method -> (mean, half of the interval)) of the table in BENCHMARKS.md."""
    text = (REPOSITORY / "BENCHMARKS.md").read_text(encoding="utf-8")
    rows = []
    for data, labels, cells in re.findall(r"^\| (Glyphs|Digits), (\d+) labels? per class \|(.*)\|$", text, re.M):
        found = [tuple(float(number) for number in cell.split("±")) for cell in cells.split("|")]
        rows.append((data, int(labels), dict(zip(METHODS, found, strict=True))))
    return rows


def test_the_table_of_measurements_is_there() -> None:
    assert [(data, labels) for data, labels, _ in measured_rows()] == [
        (data, labels) for data in ("Glyphs", "Digits") for labels in (1, 2, 5, 10)
    ]


@pytest.mark.parametrize("row", measured_rows(), ids=lambda row: f"{row[0]} {row[1]}")
def test_the_advice_agrees_with_what_was_measured(row: tuple, scores: dict[str, list[Score]]) -> None:
    """The advised method is the best one measured, or within the best one's own interval."""
    data, labels, figures = row
    choice = DATA[data].model_copy(update={"labels_per_class": labels})
    advice = recommend(facts_of(choice), scores[data])
    best, half = max(figures.values())
    assert advice.measured
    assert figures[advice.method.name][0] >= best - half
    assert (advice.method.name == "scratch") == (data == "Digits")


def test_the_advice_says_its_numbers(scores: dict[str, list[Score]]) -> None:
    choice = DATA["Glyphs"].model_copy(update={"labels_per_class": 5})
    advice = recommend(facts_of(choice), scores["Glyphs"])
    best = next(s for s in scores["Glyphs"] if s.weights == advice.backbone.weights and s.backbone == "conv4")
    assert advice.title == f"LP-FT with {best.title}"
    for words in (f"{100 * best.accuracy:.1f} %", "chance 2.5 %", "480 training examples, more than the run will use"):
        assert words in advice.reasons[0]
    assert "5 labels per class" in advice.reasons[1]


def made_up(right: int, backbone: str = "conv4", parameters: int = 100, weights: str = "omniglot-supervised") -> Score:
    return Score(backbone, weights, backbone, parameters, np.arange(100) < right, 3)


def photos(labels: int, most: int | None = None) -> DataFacts:
    return DataFacts(labels, most or labels, 5, 5 * labels, 200, 3)


@pytest.mark.parametrize(
    "labels,network,method",
    [
        (1, 90, "linear_probe"), (2, 90, "linear_probe"), (3, 90, "lp_ft"), (80, 90, "lp_ft"),
        (10, 40, "lp_ft"), (80, 40, "full_ft"), (10, 42, "lp_ft"),
    ],
)  # fmt: skip
def test_rules_for_photos(labels: int, network: int, method: str) -> None:
    given = [made_up(40, PIXELS), made_up(network, "squeezenet1_0", weights="imagenet")]
    advice = recommend(photos(labels), given)
    assert advice.method.name == method
    assert ("No weights on this machine" in advice.reasons[0]) == (network < 50)
    if method == "lp_ft":
        assert advice.method.hyperparameters["learning_rate"] == 1e-5


def test_small_gains_make_small_claims() -> None:
    facts = DataFacts(5, 5, 10, 50, 28, 1)
    assert "suit these data" in recommend(facts, [made_up(40, PIXELS), made_up(80)]).reasons[0]
    assert "not by much" in recommend(facts, [made_up(40, PIXELS), made_up(53)]).reasons[0]


def test_without_scores_the_doubt_is_said() -> None:
    advice = recommend(DataFacts(1, 1, 10, 10, 28, 1), [])
    assert (advice.backbone.name, advice.method.name, advice.measured) == ("conv4", "linear_probe", False)
    assert "not measured" in advice.reasons[1]


def test_uneven_classes_count_the_same() -> None:
    advice = recommend(photos(20, 100), [made_up(40, PIXELS), made_up(90, "squeezenet1_0", weights="imagenet")])
    assert advice.method.hyperparameters["class_weights"] == "balanced"
    assert "20 to 100 labels" in advice.reasons[-1]


def test_of_networks_that_are_level_the_smaller_is_preferred() -> None:
    large, small, poor = made_up(81, "resnet18", 11_000), made_up(80), made_up(50, "resnet_small", 1)
    assert preferred([large, small, poor]) is small
    assert preferred([]) is None


@pytest.mark.parametrize("choice", DATA.values(), ids=DATA.keys())
def test_what_is_advised_can_be_run(choice: DatasetChoice, scores: dict[str, list[Score]]) -> None:
    for found in ([], *scores.values()):
        advice = recommend(facts_of(choice), found)
        given = Experiment(dataset=choice, backbone=advice.backbone, method=advice.method)
        assert problems(given) == []
        assert registry.complete(given)


def test_facts_count_the_labels_of_the_smallest_class() -> None:
    facts = facts_of(DatasetChoice(name="digits"))
    assert (facts.classes, facts.side, facts.channels, facts.images) == (10, 8, 1, 899)
    assert facts.labels < facts.most
    with pytest.raises(ExperimentError):
        facts_of(DatasetChoice(name="digits", labels_per_class=5000))


# Scores


def test_the_sample_is_even_and_at_most_500_images() -> None:
    labels = np.repeat([0, 1, 2], [1000, 1000, 1])
    ids = sample(np.arange(2001), labels, 0)
    assert list(np.bincount(labels[ids])) == [250, 250]  # a class of one image has no neighbour of its own
    many = np.repeat(np.arange(300), 4)
    ids = sample(np.arange(1200), many, 0)
    assert len(ids) == 500
    assert set(np.bincount(many[ids])) == {0, 2}


def test_scores_stop_between_two_steps_and_start_from_raw_pixels(tmp_path: Path) -> None:
    scoring = transfer_scores(DATA["Digits"], tmp_path / "runs")
    found = [next(scoring) for _ in range(3)]
    assert isinstance(found[1], Score)
    assert (found[1].backbone, len(found[1].right), found[1].k) == (PIXELS, 500, 5)
    scoring.close()
    assert next(scoring, None) is None


def test_pixels_are_shifted_like_the_images(scores: dict[str, list[Score]], tmp_path: Path) -> None:
    noisy = DATA["Digits"].model_copy(update={"shift": Shift(kind="noise", severity=5)})
    first = next(s for s in transfer_scores(noisy, tmp_path / "runs") if isinstance(s, Score))
    assert first.accuracy < scores["Digits"][0].accuracy - 0.05


def test_weights_are_not_scored_on_characters_they_have_seen() -> None:
    data = load(DATA["Glyphs"])
    assert {weights.name for _, weights in candidates(data)} >= {"omniglot-supervised", "omniglot-protonet"}
    seen = candidates(replace(data, name="omniglot", alphabets=("Greek",) * len(data.class_names)))
    assert all(weights.trained_on != OMNIGLOT for _, weights in seen)


def test_the_rules_need_no_torch() -> None:
    code = "import sys, engine.advice.adviser, engine.advice.transfer_scores; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_advice_is_an_experiments_parts() -> None:
    advice = recommend(photos(5), [])
    assert isinstance(advice.backbone, BackboneChoice)
    assert isinstance(advice.method, MethodChoice)
