"""Verdicts against paired tests worked out by hand, and the words for what cannot be decided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.comparison.arms import Arm, arm, disagreements, per_item
from engine.comparison.verdict import verdict
from engine.events import Evaluated
from engine.experiment import DatasetChoice, Experiment, Shift

CONDITIONS = {"split": "stratified", "batch norm": "statistics of training"}


def scored(title: str, *scores: float, first_seed: int = 0) -> Arm:
    return Arm(title, {first_seed + index: score for index, score in enumerate(scores)})


def figure(right: np.ndarray, ids: np.ndarray | None = None, **conditions: str) -> Evaluated:
    """A test figure over images that were classified rightly where `right` is true."""
    ids = np.arange(right.size) if ids is None else ids
    truth = np.zeros(right.size, np.int16)
    return Evaluated(
        "test/accuracy", float(right.mean()), 0.0, 1.0, right.size, "images", {}, CONDITIONS | conditions,
        ids=ids, truth=truth, predicted=np.where(right, 0, 1).astype(np.int16), class_names=("a", "b"),
    )  # fmt: skip


def episodes(scores: np.ndarray, **conditions: str) -> Evaluated:
    said = {"split": "by class", "batch norm": "transductive", "way": "5", "shot": "1"} | conditions
    return Evaluated("test/accuracy", float(scores.mean()), 0.0, 1.0, scores.size, "episodes", {}, said, scores=scores)


def test_five_seeds_by_hand() -> None:
    a = scored("LP-FT", 0.80, 0.82, 0.79, 0.83, 0.81)
    b = scored("From scratch", 0.70, 0.75, 0.71, 0.72, 0.72)
    found = verdict(a, b)  # differences 0.10 0.07 0.08 0.11 0.09: mean 0.09, deviation 0.0158114
    half = 2.7764451 * 0.0158114 / np.sqrt(5)
    assert found.kind == "better"
    assert (found.difference, found.low, found.high) == pytest.approx((0.09, 0.09 - half, 0.09 + half), abs=1e-6)
    assert found.pairs == 5
    basis = "95 % interval 7.0 to 11.0 over seeds alone, 5 seeds"
    assert found.sentence == f"LP-FT is better than From scratch by 9.0 points ({basis})."
    assert found.missing_seeds == ()


def test_the_other_way_round_is_worse_with_the_opposite_interval() -> None:
    a, b = scored("A", 0.80, 0.82, 0.79), scored("B", 0.70, 0.75, 0.71)
    forth, back = verdict(a, b), verdict(b, a)
    assert (forth.kind, back.kind) == ("better", "worse")
    assert (back.low, back.high) == pytest.approx((-forth.high, -forth.low))


def test_pairing_finds_what_separate_intervals_hide() -> None:
    a, b = scored("A", 0.50, 0.70, 0.90), scored("B", 0.47, 0.66, 0.87)  # seeds differ far more than the arms
    assert verdict(a, b).kind == "better"


def test_seeds_that_disagree_are_too_close_and_three_more_are_asked_for() -> None:
    found = verdict(scored("A", 0.80, 0.75, 0.81), scored("B", 0.78, 0.79, 0.78))
    assert found.kind == "too close"
    assert found.sentence.startswith("Too close to call: A is 0.3 points above B (95 % interval −")
    assert found.missing_seeds == (3, 4, 5)


def test_a_difference_that_no_number_of_seeds_will_settle_says_so() -> None:
    found = verdict(scored("A", 0.900, 0.801, 0.850), scored("B", 0.850, 0.850, 0.850))
    assert "would take about" in found.sentence


def test_missing_seeds_are_those_only_the_other_has() -> None:
    found = verdict(scored("A", 0.80, 0.75, 0.81, 0.79, 0.80), scored("B", 0.78, 0.79))
    assert (found.missing_a, found.missing_b) == ((), (2, 3, 4))
    assert "run 3 more seeds." in found.sentence


def test_arms_without_a_shared_seed_are_not_paired() -> None:
    found = verdict(scored("A", 0.8), scored("B", 0.7, first_seed=4))
    assert found.kind == "not comparable"
    assert (found.missing_a, found.missing_b) == ((4,), (0,))


def test_one_seed_is_paired_over_images_and_says_it_is_one_seed() -> None:
    right_a, right_b = np.ones(100, bool), np.ones(100, bool)
    right_a[:10], right_b[:40] = False, False  # 30 images only A gets right, none only B
    a = arm("A", [(Experiment(seed=7), figure(right_a))])
    b = arm("B", [(Experiment(seed=7), figure(right_b))])
    found = verdict(a, b)
    centre = 31 / 102 - 1 / 102
    half = 1.959964 * np.sqrt((32 / 102 - centre**2) / 102)
    assert (found.kind, found.difference, found.pairs) == ("one seed", pytest.approx(0.3), 1)
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half), abs=1e-6)
    assert "1 seed, same 100 test images" in found.sentence
    assert found.sentence.endswith("One seed cannot show how much of this is luck: run 3 more seeds.")
    assert found.missing_seeds == (0, 1, 2)


def test_images_are_paired_by_id_whatever_their_order() -> None:
    right = np.arange(60) % 3 > 0
    order = np.random.default_rng(1).permutation(60)
    a = arm("A", [(Experiment(), figure(right))])
    b = arm("B", [(Experiment(), figure(right[order], ids=order))])
    found = verdict(a, b)
    assert found.difference == pytest.approx(0.0, abs=1e-12)
    assert found.items is not None
    assert found.items.high == pytest.approx(1.959964 * np.sqrt(2 / 62 / 62), abs=1e-6)  # nothing but the two added


def test_seeds_that_agree_on_too_few_images_are_not_enough() -> None:
    def right(*wrong: int) -> np.ndarray:
        answers = np.ones(10, bool)
        answers[list(wrong)] = False
        return answers

    runs_a = [(Experiment(seed=seed), figure(right(seed % 2))) for seed in range(4)]
    runs_b = [(Experiment(seed=seed), figure(right(seed % 2, 5))) for seed in range(4)]
    found = verdict(arm("A", runs_a), arm("B", runs_b))
    # Every seed: the same image of ten. Between these items the mean differs with 0.9 / 9 / 10 = 0.01; the items alone
    # give 2.2622 * 0.1, Satterthwaite's and the margins added in squares are the same here.
    assert (found.low, found.high) == pytest.approx((0.1 - 0.22622, 0.1 + 0.22622), abs=1e-4)
    assert found.kind == "too close"
    assert found.sentence.endswith(
        "10 test images are too few for a difference this small, however many seeds are run. Test on more images."
    )


def test_episodes_are_paired_by_their_place_in_the_list() -> None:
    base = np.random.default_rng(0).uniform(0.3, 0.8, 600)
    gap = np.tile([0.00, 0.02], 300)
    a = arm("MAML", [(Experiment(), episodes(base + gap))])
    b = arm("ProtoNet", [(Experiment(), episodes(base))])
    found = verdict(a, b)
    half = 0.01 / np.sqrt(599)  # deviation 0.01 * sqrt(600 / 599) over sqrt(600)
    assert found.difference == pytest.approx(0.01)
    assert (found.low, found.high) == pytest.approx((0.01 - 1.9639 * half, 0.01 + 1.9639 * half), abs=1e-6)
    assert found.kind == "one seed"
    assert "same 600 test episodes" in found.sentence


@pytest.mark.parametrize(
    "name, value", [("batch norm", "running statistics"), ("shot", "5"), ("way", "20"), ("split", "by alphabet")]
)
def test_another_protocol_is_not_comparable_and_named(name: str, value: str) -> None:
    scores = np.linspace(0.2, 0.9, 50)
    a = arm("A", [(Experiment(), episodes(scores))])
    b = arm("B", [(Experiment(), episodes(scores, **{name: value}))])
    found = verdict(a, b)
    assert found.kind == "not comparable"
    assert found.reasons[0].startswith(f"{name}: ")
    assert value in found.sentence


def test_other_test_tasks_are_told_by_how_many_they_are_where_both_are_known() -> None:
    def side(list_of_tasks: str, scores: np.ndarray) -> Arm:
        return arm(list_of_tasks, [(Experiment(), episodes(scores, **{"test list": list_of_tasks}))])

    fifty, forty = side("a1", np.linspace(0.2, 0.9, 50)), side("b2", np.linspace(0.2, 0.9, 40))
    assert verdict(fifty, forty).reasons == ("their test tasks differ, 50 / 40",)
    assert verdict(fifty, replace(forty, per_item={})).reasons == ("their test tasks differ",)
    assert verdict(fifty, side("b2", np.linspace(0.1, 0.8, 50))).reasons == ("their test tasks differ",)


def test_images_against_episodes_other_data_and_another_split_are_not_comparable() -> None:
    right = np.ones(20, bool)
    a = arm("A", [(Experiment(), figure(right))])
    assert "tested on: images / episodes" in verdict(a, arm("B", [(Experiment(), episodes(right * 1.0))])).sentence
    digits = Experiment(dataset=DatasetChoice(name="digits"))
    assert "data set: Glyphs / Handwritten digits" in verdict(a, arm("B", [(digits, figure(right))])).sentence
    other = Experiment(dataset=DatasetChoice(split_seed=4))
    assert "split seed: 0 / 4" in verdict(a, arm("B", [(other, figure(right))])).sentence


def test_the_same_words_but_other_images_are_not_comparable() -> None:
    right = np.ones(20, bool)
    a = arm("A", [(Experiment(), figure(right))])
    b = arm("B", [(Experiment(), figure(right, ids=np.arange(20) + 5))])
    assert verdict(a, b).reasons == ("they were tested on different images",)


def test_the_fingerprint_decides_whether_the_data_are_the_same() -> None:
    right = np.ones(20, bool)
    moved = Experiment(dataset=DatasetChoice(name="folder", path="/elsewhere/photos-copy"))
    home = Experiment(dataset=DatasetChoice(name="folder", path="/home/me/photos"))
    a = arm("A", [(home, figure(right, data="1f3a"))])
    assert verdict(a, arm("B", [(moved, figure(right, data="1f3a"))])).kind == "one seed"
    found = verdict(a, arm("B", [(home, figure(right, data="77c0"))]))
    assert found.reasons == ("the examples of photos have changed between them",)


def shifted_arm(shift: Shift | None, severity_name: str) -> Arm:
    right = np.random.default_rng(0).random(400) < 0.8
    return arm(severity_name, [(Experiment(dataset=DatasetChoice(shift=shift)), figure(right))])


def test_tests_on_different_shifts_are_not_comparable() -> None:
    plain, noise = shifted_arm(None, "plain"), shifted_arm(Shift(kind="noise", severity=3), "noise 3")
    found = verdict(plain, noise)
    assert found.kind == "not comparable"
    assert "shift: none / Gaussian noise, severity 3" in found.sentence
    assert verdict(noise, shifted_arm(Shift(kind="noise", severity=4), "noise 4")).kind == "not comparable"


def test_tests_on_the_same_shift_are_comparable() -> None:
    first, second = (shifted_arm(Shift(kind="blur", severity=2), name) for name in ("first", "second"))
    assert verdict(first, second).kind != "not comparable"


def test_halves_of_a_data_set_are_not_comparable() -> None:
    right = np.random.default_rng(0).random(400) < 0.8
    halves = [
        arm(part, [(Experiment(dataset=DatasetChoice.model_validate({"part": part})), figure(right))])
        for part in ("source half", "target half")
    ]
    assert "images used: source half / target half" in verdict(*halves).sentence


def test_two_seeds_are_too_few_for_an_interval() -> None:
    found = verdict(scored("A", 0.80, 0.84), scored("B", 0.70, 0.72))
    assert (found.kind, found.low == found.low) == ("too few", False)
    assert "2 seeds with 10.0 and 12.0" in found.sentence
    told = [scored("A", *[0.8] * seeds).basis for seeds in (1, 2, 3)]
    assert told == ["interval over test images", "too few seeds for an interval", "interval over seeds alone"]
    assert found.p == pytest.approx(0.0577158, rel=3e-4)  # t = 11 with 1 degree of freedom: 1 - 2 / pi * atan(11)


def test_an_arm_needs_a_result() -> None:
    with pytest.raises(ValueError, match="no test result"):
        arm("A", [])


def test_notes_do_not_stand_against_a_comparison_and_conditions_do() -> None:
    plain = figure(np.random.default_rng(0).random(400) < 0.8)
    said = {"chosen by": "cross-validation", "inner steps": 3}
    base, noted, other = (
        arm("", [(Experiment(), one)])
        for one in (plain, plain.given(notes=said), plain.given({"query images": "alone"}))
    )
    assert disagreements(base, noted) == []
    assert disagreements(base, other) == ["query images: not said / alone"]


def test_a_figure_that_is_no_mean_over_images_has_the_interval_that_it_says() -> None:
    """Cohen's kappa of 0.6 where 80 % of the images are right."""
    right = figure(np.arange(100) < 80)
    kappa = replace(right, metric="test/kappa", value=0.6, low=0.5, high=0.7)
    assert per_item(right) is not None
    assert per_item(kappa) is None
    alone = arm("", [(Experiment(seed=seed), replace(kappa, value=0.6 + seed / 10)) for seed in range(3)])
    assert alone.interval is not None
    assert alone.interval.value == pytest.approx(0.7)
    assert alone.interval.high == pytest.approx(0.7 + 4.302653 * 0.1 / 3**0.5, abs=1e-6)  # no end at 1
    assert alone.basis == "interval over seeds alone"


def test_the_same_images_out_of_two_sets_are_paired_by_their_order() -> None:
    """What a set holds besides, where it lies and how it was divided says nothing of what was tested."""
    right_a, right_b = np.arange(60) % 3 > 0, np.arange(60) % 4 > 0
    same = {"test images": "abc"}
    a = arm("A", [(Experiment(), figure(right_a, data="bytes-1", split="stratified", **same))])
    b = arm("B", [(Experiment(), figure(right_b, ids=np.arange(60) + 7, data="bytes-2", split="given", **same))])
    found = verdict(a, b)
    assert found.kind == "one seed"
    assert found.items is not None
    assert found.difference == pytest.approx(right_a.mean() - right_b.mean())
    other = arm("C", [(Experiment(), figure(right_b, data="bytes-2", split="given", **{"test images": "abd"}))])
    assert verdict(a, other).kind == "not comparable"
    older = arm("D", [(Experiment(), figure(right_b, data="bytes-1", split="stratified"))])
    assert verdict(a, older).kind == "one seed"  # of a version that did not write down what was tested


def test_what_is_told_of_texts_is_what_is_told_of_images() -> None:
    """Each is right or wrong, however they are called."""
    right = np.arange(60) % 3 > 0, np.arange(60) % 4 > 0
    of_images = [arm(name, [(Experiment(), figure(one))]) for name, one in zip("AB", right, strict=True)]
    of_texts = [replace(one, unit="texts") for one in of_images]
    assert [one.interval for one in of_texts] == [one.interval for one in of_images]
    assert verdict(*of_texts).items == verdict(*of_images).items
    assert "60 test texts" in of_texts[0].basis + verdict(*of_texts).sentence + verdict(*of_texts).basis
    other = arm("C", [(Experiment(), figure(right[1], ids=np.arange(60) + 7))])
    assert verdict(of_texts[0], replace(other, unit="texts")).kind == "not comparable"
