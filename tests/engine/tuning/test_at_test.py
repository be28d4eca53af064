"""What follows the images that it is tested on: nothing but batch norm, nothing but these images, and every figure says
so."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.artifacts.saved import SavedModel
from engine.backbones.backbone import Backbone, snapshot
from engine.comparison.arms import arm, disagreements
from engine.comparison.wording import caveats
from engine.errors import InvalidExperiment, WeightsError
from engine.events import Evaluated, Event, RunFinished
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.methods.tuning.tent import Tent
from engine.preflight.cost import estimate
from engine.preflight.problems import problems
from engine.preparation.inputs import Labelled
from engine.registry import methods
from engine.tuning.at_test import FEWEST, Following, entropy, learning, way
from engine.tuning.method import FineTuneMethod
from tests.engine.tuning.striped import stripes

FOLLOWING = [kind for kind in methods() if issubclass(kind, FineTuneMethod) and kind.follows]
SOURCE = Experiment(
    dataset=DatasetChoice(name="digits", part="source half", validation_per_class=5),
    method=MethodChoice(name="scratch", hyperparameters={"epochs": 4, "learning_rate": 5e-3}),
)
NOISE = Shift(kind="noise", severity=5)


def network(classes: int = 2) -> Backbone:
    torch.manual_seed(0)
    stem = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5))
    last = nn.Sequential(nn.Conv2d(4, 3, 1), nn.BatchNorm2d(3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return Backbone({"one": stem, "two": last}, 3, classes)


def answers(model: Backbone, how: Following, labelled: Labelled) -> torch.Tensor:
    with how.answering(model) as answer:
        return torch.cat([answer(labelled.inputs[part].float() / 255) for _, part in how.parts(labelled)])


@pytest.mark.anchors("tent")
def test_equal_logits_have_the_most_entropy_and_no_gradient() -> None:
    logits = torch.full((4, 10), 1.7, dtype=torch.float64, requires_grad=True)
    found = entropy(logits)
    assert found.tolist() == pytest.approx([math.log(10)] * 4, abs=1e-12)
    found.sum().backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-12


def test_a_gradient_through_the_test_images_needs_memory() -> None:
    """The layers of a whole batch of these; of what only takes their statistics none is kept, as of no adaptation."""
    few = DatasetChoice(name="digits", labels_per_class=2, validation_per_class=2)

    def bytes_of(name: str, batch: int) -> int:
        values = {} if name == "as_is" else {"batch_size": batch}
        kept = BackboneChoice(weights="omniglot-supervised")
        given = Experiment(dataset=few, backbone=kept, method=MethodChoice(name=name, hyperparameters=values))
        return estimate(given).memory_bytes

    small, large = bytes_of("tent", 64), bytes_of("tent", 256)
    assert large > 2 * small - bytes_of("target_statistics", 64)
    assert bytes_of("target_statistics", 64) == bytes_of("target_statistics", 256)


def test_the_entropy_of_two_to_one() -> None:
    """Shares 2/3 and 1/3: ln 3 − 2/3 ln 2. Its gradient is p (−ln p − H), by hand."""
    logits = torch.tensor([[math.log(2), 0.0]], dtype=torch.float64, requires_grad=True)
    high = math.log(3) - 2 / 3 * math.log(2)
    found = entropy(logits)
    assert found.item() == pytest.approx(high, abs=1e-12)
    found.backward()
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx(
        [2 / 3 * (math.log(1.5) - high), 1 / 3 * (math.log(3) - high)], abs=1e-12
    )
    assert torch.autograd.gradcheck(entropy, torch.randn(3, 4, dtype=torch.float64, requires_grad=True))


@pytest.mark.anchors("target_statistics")
def test_statistics_are_those_of_the_batch() -> None:
    """Values 1 and 3 in a batch, running statistics 0 and 1: ±1 instead of 1 and 3 (variance 1)."""
    model = Backbone({"one": nn.Sequential(nn.BatchNorm2d(1, eps=1e-12), nn.Flatten())}, 1, 1)
    model.head.weight.data.fill_(1.0)
    model.head.bias.data.zero_()
    images = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    with torch.no_grad(), Following(2, 0, 0.0).answering(model) as answer:
        assert answer(images)[:, 0].tolist() == pytest.approx([-1.0, 1.0])
    with torch.no_grad():
        assert model.eval()(images)[:, 0].tolist() == pytest.approx([1.0, 3.0])


@torch.no_grad()
def test_the_first_batch_is_answered_before_it_is_learnt_from_and_later_ones_after() -> None:
    labelled = stripes(48)
    plain, tent = (answers(network(), Following(24, 0, rate), labelled) for rate in (0.0, 0.05))
    assert torch.equal(plain[:24], tent[:24])
    assert not torch.allclose(plain[24:], tent[24:])
    model = network()
    with Following(48, 0, 0.05).answering(model) as answer:
        images = labelled.inputs[:].float() / 255
        before, after = (entropy(answer(images)).mean() for _ in range(2))
    assert after < before


@torch.no_grad()
def test_only_scale_and_shift_differ_while_it_is_asked_and_nothing_afterwards() -> None:
    model, labelled = network(), stripes(32)
    model.requires_grad_(False)
    before = snapshot(model)
    with Following(16, 0, 0.05).answering(model) as answer:
        answer(labelled.inputs[:16].float() / 255)
        now = model.state_dict()
        moved = {name for name, value in before.items() if not torch.equal(value, now[name])}
        own = {name for name, one in model.named_parameters() if any(one is other for other in learning(model))}
        assert moved <= own == {"blocks.one.1.weight", "blocks.one.1.bias", "blocks.two.1.weight", "blocks.two.1.bias"}
        assert {name for name in moved if name.startswith("blocks.two")}
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())
    assert not any(one.requires_grad for one in model.parameters())
    assert not any(child.training for child in model.modules())


@torch.no_grad()
def test_every_set_meets_the_network_as_it_came_and_an_order_follows_the_seed() -> None:
    model, labelled = network(), stripes(32)
    first, second = (answers(model, Following(16, 3, 0.05), labelled) for _ in range(2))
    assert torch.equal(first, second)
    assert sorted(Following(16, 3, 0.0).order(32).tolist()) == list(range(32))
    assert not torch.equal(Following(16, 3, 0.0).order(32), Following(16, 4, 0.0).order(32))


@pytest.mark.parametrize("kind", FOLLOWING, ids=lambda kind: kind.name)
def test_what_it_needs_is_a_sentence(kind: type[FineTuneMethod]) -> None:
    bare = Backbone({"one": nn.Flatten()}, 4, 2)
    with pytest.raises(InvalidExperiment, match="changes batch norm alone, and this network has none"):
        way(bare, kind.from_values({}), 100, 0)
    with pytest.raises(InvalidExperiment, match=f"There are {FEWEST - 1} test images"):
        way(network(), kind.from_values({}), FEWEST - 1, 0)
    chosen = Experiment(
        backbone=BackboneChoice(name="squeezenet1_0", weights="run:a", head="kept"), method=MethodChoice(name=kind.name)
    )
    assert any("SqueezeNet 1.0 has none" in one.message for one in problems(chosen))
    new = chosen.model_copy(update={"backbone": BackboneChoice(name="conv4", weights="run:a")})
    assert any(f"{kind.title} tests the head that came with the weights" in one.message for one in problems(new))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with the trained source."""
    folder = tmp_path_factory.mktemp("runs")
    assert isinstance(list(execute(SOURCE, folder / "source"))[-1], RunFinished)
    return folder


def target(kind: type[FineTuneMethod] | str, **data: object) -> Experiment:
    name = kind if isinstance(kind, str) else kind.name
    choice = {"name": "digits", "part": "target half", "labels_per_class": 5, "validation_per_class": 5} | data
    return Experiment(
        dataset=DatasetChoice.model_validate(choice), backbone=BackboneChoice(weights="run:source", head="kept"),
        method=MethodChoice(name=name),
    )  # fmt: skip


def figures(events: list[Event]) -> dict[str, Evaluated]:
    assert isinstance(events[-1], RunFinished), events[-1]
    return {event.name: event for event in events if isinstance(event, Evaluated)}


@pytest.mark.parametrize("kind", FOLLOWING, ids=lambda kind: kind.name)
def test_a_run_says_of_every_figure_that_it_is_transductive(kind: type[FineTuneMethod], runs: Path) -> None:
    asked = target(kind, shift=NOISE, tested_on=[{"kind": "contrast", "severity": 5}])
    found = figures(list(execute(asked, runs / kind.name)))
    assert set(found) >= {"test/accuracy", "test/accuracy, no shift", "test/accuracy, contrast 5"}
    for figure in found.values():
        assert figure.conditions["batch norm"] == "statistics of the test images (transductive)"
        assert [words for words in caveats(figure.notes) if words.startswith("transductive: batch norm")]
    plain = figures(list(execute(target("as_is", shift=NOISE), runs / f"plain {kind.name}")))
    one, other = found["test/accuracy"], plain["test/accuracy"]
    assert np.array_equal(one.ids, other.ids)
    assert np.array_equal(one.truth, other.truth)
    assert one.value > other.value + 0.05  # noise moves what passes through batch norm
    sides = [arm(title, [(asked, figure)]) for title, figure in (("a", one), ("b", other))]
    assert any("transductive" in words for words in disagreements(*sides))


def test_it_keeps_no_network_of_its_own(runs: Path) -> None:
    list(execute(target(Tent), runs / "kept"))
    with pytest.raises(WeightsError, match="TENT changed the network anew for each set of test images"):
        SavedModel.open(runs / "kept")


@pytest.mark.parametrize("images", [16, 47, 48, 49, 63, 64, 65, 80])
def test_no_batch_has_too_few_images_for_statistics(images: int) -> None:
    model, labelled = network(), stripes(images)
    parts = [part for _, part in Following(32, 0, 0.0).parts(labelled)]
    assert min(len(part) for part in parts) >= FEWEST
    assert sorted(torch.cat(parts).tolist()) == list(range(images))
    assert len(answers(model, Following(32, 0, 1e-3), labelled)) == images
