"""What a study will take is told from a few of its cells; with costs that are given it is a sum by hand."""

from __future__ import annotations

import pytest

from engine.errors import Cancelled
from engine.events import CLUSTER
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.families import Cost, family
from engine.studies import expected as study_cost
from engine.studies.cells import cells
from engine.studies.expected import examples, study_seconds
from engine.studies.study import Source, Study, StudyArm, study_preset

DIGITS = DatasetChoice(name="digits")
PROBE = MethodChoice(name="linear_probe")


def cost(seconds: float, epoch: float = 0.0) -> Cost:
    return Cost(1, 1, 1, epoch, seconds, 1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Experiment]:
    """A run takes 10 s and 2 s for each training example; a bench 100 s once; what is pretrained 1,000 s."""
    seen: list[Experiment] = []

    def estimate(experiment: Experiment) -> Cost:
        seen.append(experiment)
        kind = family(experiment).key
        if kind == "pretrain":
            return cost(1000.0)
        own = 10.0 + 2.0 * (examples(experiment) if family(experiment).divides != "classes" else 3)
        return cost(own + 100.0, 100.0) if kind == "bench" else cost(own)

    monkeypatch.setattr(study_cost, "estimate", estimate)
    return seen


def study(*arms: StudyArm, **more: object) -> Study:
    return Study.model_validate(
        {"title": "t", "dataset": DIGITS, "arms": arms, "labels": (1, 2, 5), "seeds": (0, 1)} | more
    )


def test_it_is_the_sum_of_all_runs_of_which_the_ends_are_timed(asked: list[Experiment]) -> None:
    """Ten digits: 10, 20 and 50 examples are 30, 50 and 110 s, each twice."""
    arm = StudyArm(title="probe", method=PROBE)
    assert study_seconds(study(arm)) == pytest.approx(2 * (30 + 50 + 110))
    assert sorted(examples(one) for one in asked) == [10, 50]
    rated = study(arm, learning_rates=(0.1, 0.01))
    assert study_seconds(rated) == pytest.approx(2 * 2 * (30 + 50 + 110))


def test_a_bench_embeds_once_and_what_comes_first_is_counted_once_for_each_split(asked: list[Experiment]) -> None:
    bench = StudyArm(title="bench", method=MethodChoice(name="head_bench"))
    assert study_seconds(study(bench)) == pytest.approx(100 + 2 * (30 + 50 + 110))
    first = Source(backbone=BackboneChoice(name="conv4"), method=MethodChoice(name="simclr"))
    source = BackboneChoice(name="conv4", weights="source")
    arm = StudyArm(title="after", backbone=source, method=PROBE, first=first)
    assert study_seconds(study(arm)) == pytest.approx(1000 + 2 * (30 + 50 + 110))
    assert study_seconds(study(arm, splits_follow_seed=True)) == pytest.approx(2 * 1000 + 2 * (30 + 50 + 110))
    assert all(one.backbone.weights != "run:" for one in asked)


def test_every_shot_is_timed(asked: list[Experiment]) -> None:
    arm = StudyArm(title="tasks", backbone=BackboneChoice(name="conv4"), method=MethodChoice(name="protonet"))
    assert study_seconds(study(arm)) == pytest.approx(2 * 3 * 16.0)
    assert len(asked) == 3


def test_what_a_cluster_works_is_timed_here(asked: list[Experiment]) -> None:
    """No machine has a device of that name."""
    arm = StudyArm(title="probe", method=PROBE)
    assert study_seconds(study(arm, device=CLUSTER)) == pytest.approx(2 * (30 + 50 + 110))
    assert {one.device for one in asked} == {"cpu"}


def test_it_gives_up_when_asked(asked: list[Experiment]) -> None:
    with pytest.raises(Cancelled):
        study_seconds(study(StudyArm(title="probe", method=PROBE)), lambda: True)
    assert asked == []


@pytest.mark.parametrize("name", ["ulmfit", "small-language-model", "do-you-need-labels"])
def test_prepared_studies_can_be_told(name: str, asked: list[Experiment]) -> None:
    chosen = study_preset(name)
    assert study_seconds(chosen) > 0
    assert len(asked) < len(cells(chosen)) / 2


def test_a_real_study_is_timed() -> None:
    """With real steps: two runs take about twice one."""
    arm = StudyArm(title="bench", method=MethodChoice(name="head_bench", hyperparameters={"repeats": 1}))
    found = study_seconds(study(arm, labels=(1,), seeds=(0,)))
    assert 0 < found < 600
