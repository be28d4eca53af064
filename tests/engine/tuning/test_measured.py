"""Auto-RGN and Auto-SNR: values by hand, pure noise, real signal, and that the order of the images does not matter."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.artifacts.checkpoints import Checkpoints
from engine.errors import InvalidExperiment
from engine.layers import Measured
from engine.machine.limits import Limits
from engine.preparation.inputs import Labelled, Normaliser
from engine.registry import method
from engine.tuning.measured import BATCHES, FEWEST_IMAGES, GROUPS, MOST_IMAGES, RateMeasuring, standing
from engine.tuning.measured import signal as signal_of
from engine.tuning.training import FineTuning
from tests.engine.tuning.striped import small_network, stripes

BATCH = 32  # the default
TENSORS = 1000


def signal(total: Tensor, squares: Tensor, count: int, groups_per_batch: float) -> tuple[float, bool]:
    return signal_of(float(standing(total, squares, count)), count, groups_per_batch)


@pytest.mark.anchors("auto_rgn")
def test_auto_rgn_by_hand() -> None:
    measured = {"a": Measured(2.0, 4.0), "b": Measured(3.0, 2.0), "zero": Measured(1.0, 0.0)}
    rates = method("auto_rgn").from_values({}).measured_rates(measured)
    assert rates == pytest.approx({"a": 1 / 3, "b": 1.0, "zero": 0.0})


@pytest.mark.anchors("auto_snr")
def test_auto_snr_by_hand() -> None:
    chosen = method("auto_snr").from_values({"threshold": 0.95})
    clear, at, weak = Measured(1, 1, 1.2, True), Measured(1, 1, 0.95, True), Measured(1, 1, 0.2, True)
    noisy = Measured(1, 1, 5.0, False)
    rates = chosen.measured_rates({"clear": clear, "at": at, "weak": weak, "noisy": noisy})
    assert rates == {"clear": 1.0, "at": 1.0, "weak": 0.0, "noisy": 0.0}
    assert chosen.measured_rates({"a": Measured(1, 1, 0.3), "b": Measured(1, 1, 0.1)}) == {"a": 1.0, "b": 0.0}


def test_the_ratio_by_hand() -> None:
    """Gradients 1, 2, …, 9: mean 5, unbiased variance 7.5, t = 9 * 25 / 7.5 = 30. The ratio of one gradient is
    25 / 7.5 * 6 / 8 - 1 / 9 = 2.3889, of a batch of four groups four times that. F(1, 8) has mean 8 / 6 and variance
    2 * 64 * 7 / (36 * 4) = 6.2222 (any table), and 30 is beyond 1.3333 + 3 * 2.4944 = 8.817."""
    values = torch.arange(1.0, 10.0)
    ratio, stands_out = signal(values.sum().view(1), values.square().sum().view(1), 9, 4.0)
    assert ratio == pytest.approx(4 * (25 / 7.5 * 6 / 8 - 1 / 9), rel=1e-5)
    assert stands_out
    for mean, wanted in ((8.80, False), (8.83, True)):  # t of one entry whose nine gradients have the variance 1
        shift = math.sqrt(mean / 9)
        given = torch.tensor([[9 * shift], [8 + 9 * shift**2]])
        assert signal(given[0], given[1], 9, 4.0)[1] is wanted
    # A second entry -1, 1, -1, …: mean -1/9, squares 9, variance (9 - 1/9) / 8 = 10/9, t = 1/9 / (10/9) = 1/10.
    total, squares = torch.tensor([45.0, -1.0]), torch.tensor([285.0, 9.0])
    both, _ = signal(total, squares, 9, 4.0)
    assert both == pytest.approx(4 / 9 * ((30 + 0.1) / 2 * 6 / 8 - 1), rel=1e-5)


def same_for_all(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Noise that all entries of a tensor share."""
    return torch.randn((*shape[:2], 1), generator=generator).expand(shape)


def student(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Three degrees of freedom: heavy tails."""
    chi = torch.randn((3, *shape), generator=generator).square().sum(0)
    return torch.randn(shape, generator=generator) / (chi / 3).sqrt()


LAWS: dict[str, Callable[[tuple[int, ...], torch.Generator], Tensor]] = {
    "normal": lambda shape, generator: torch.randn(shape, generator=generator),
    "uniform": lambda shape, generator: torch.rand(shape, generator=generator) - 0.5,
    "signs": lambda shape, generator: torch.randint(0, 2, shape, generator=generator) * 2.0 - 1,
    "heavy tails": student,
    "the same for all entries": same_for_all,
    "rare": lambda shape, generator: (
        torch.randn(shape, generator=generator) * (torch.rand(shape, generator=generator) < 0.1)
    ),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("images", [8, 20, 50, 100, 256])
def test_of_pure_noise_at_most_5_percent_passes(law: str, images: int) -> None:
    """1,000 tensors of one and of thirty entries, at the default threshold and batch size."""
    together = max(1, images // GROUPS)
    count = images // together
    chosen = method("auto_snr").from_values({})
    for entries in (1, 30):
        noise = LAWS[law]((TENSORS, images, entries), torch.Generator().manual_seed(images))
        grouped = noise[:, : count * together].view(TENSORS, count, together, entries).mean(2)
        found = {
            str(place): Measured(1, 1, *signal(one.sum(0), one.square().sum(0), count, min(BATCH, images) / together))
            for place, one in enumerate(grouped)
        }
        passed = sum(chosen.measured_rates(found).values())
        assert passed <= 0.05 * TENSORS, (entries, passed)


@pytest.mark.parametrize("images", [20, 64, 256])
def test_a_signal_passes(images: int) -> None:
    """A mean as large as the spread of one image's gradient, which is 32 times as clear in a batch."""
    noise = torch.randn((images, 100), generator=torch.Generator().manual_seed(1)) + 1.0
    together = max(1, images // GROUPS)
    grouped = noise.view(-1, together, 100).mean(1)
    batch = min(BATCH, images)
    ratio, stands_out = signal(grouped.sum(0), grouped.square().sum(0), len(grouped), batch / together)
    assert stands_out
    assert ratio == pytest.approx(batch, rel=0.25)


# On networks


sorted_stripes = partial(stripes, in_order=True)  # as the program gives them


def tuning(name: str, train: Labelled, folder: Path, **values: object) -> FineTuning:
    chosen = method(name).from_values({"batch_size": 8, **values})
    return FineTuning(
        small_network(), chosen, train, sorted_stripes(8), Normaliser(8, 1), Checkpoints(folder), Limits(), seed=3
    )


def measuring(name: str, train: Labelled, folder: Path, **values: object) -> RateMeasuring:
    run = tuning(name, train, folder, **values)
    stage = run.method.stages()[0]
    learner = run.learner(stage, 0)
    list(learner.learn(run.learning(0), stage.epochs))
    found = run.measuring(learner)
    assert found is not None
    list(found.look())
    return found


def rates(name: str, train: Labelled, folder: Path, epoch: int = 0) -> dict[int, float]:
    made = measuring(name, train, folder)
    places = {parameter: place for place, parameter in enumerate(made.learner.model.parameters())}
    return {places[part.parameters[0]]: part.rate for part in made.parts(epoch)}


@pytest.mark.parametrize("name", ["auto_rgn", "auto_snr"])
@pytest.mark.parametrize("count", [24, 100])
def test_the_order_of_the_images_does_not_matter(tmp_path: Path, name: str, count: int) -> None:
    """100 are more than the five batches of eight that Auto-RGN looks at."""
    plain = sorted_stripes(count)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(9))
    mixed = Labelled(plain.inputs[order], plain.labels[order], np.arange(count))
    assert rates(name, plain, tmp_path) == rates(name, mixed, tmp_path)


def test_each_epoch_measures_other_images_of_all_classes(tmp_path: Path) -> None:
    made = measuring("auto_rgn", sorted_stripes(100), tmp_path)
    first, second = made.groups(0), made.groups(1)
    assert [len(group) for group in first] == [8] * BATCHES
    assert torch.cat(first).tolist() != torch.cat(second).tolist()
    assert len(set(torch.cat(first).tolist())) == 40
    assert all(set(made.learner.train.labels[group].tolist()) == {0, 1} for group in first)


def test_auto_rgn_looks_at_five_batches_by_hand(tmp_path: Path) -> None:
    """Mean norm of the gradients of five batches in eval mode, against plain autograd."""
    made = measuring("auto_rgn", sorted_stripes(100), tmp_path)
    model, train = made.learner.model.eval(), made.learner.train
    names = {name for name, _ in model.named_parameters() if name not in made._norms}
    lengths = dict.fromkeys(names, 0.0)
    for group in made.groups(0):
        loss = nn.functional.cross_entropy(model(train.inputs[group].float() / 255), train.labels[group])
        for (name, parameter), gradient in zip(
            model.named_parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True
        ):
            if name in lengths:
                lengths[name] += float(gradient.norm() / 5 / parameter.detach().norm())
    own = dict(model.named_parameters())
    expected = {own[name]: value / max(lengths.values()) for name, value in lengths.items()}
    assert {part.parameters[0]: part.rate for part in made.parts(0)} == pytest.approx(expected, rel=1e-4)


def test_auto_snr_compares_many_small_groups_and_leaves_batch_norm_alone(tmp_path: Path) -> None:
    sizes = {8: (8, 1), 31: (31, 1), 70: (35, 2), 300: (GROUPS, MOST_IMAGES // GROUPS)}
    for count, (groups, together) in sizes.items():
        made = measuring("auto_snr", sorted_stripes(count), tmp_path)
        assert [len(group) for group in made.groups(0)] == [together] * groups
    before = [buffer.clone() for buffer in made.learner.model.buffers()]
    made.parts(0)
    assert all(torch.equal(*pair) for pair in zip(before, made.learner.model.buffers(), strict=True))


def test_a_learnable_task_passes_and_noise_labels_do_not(tmp_path: Path) -> None:
    plain = sorted_stripes(128)
    wrong = torch.randint(0, 2, (128,), generator=torch.Generator().manual_seed(0))
    noise = Labelled(torch.randint_like(plain.inputs, 0, 255), wrong, plain.ids)
    found = {}
    for words, train in (("plain", plain), ("noise", noise)):
        made = measuring("auto_snr", train, tmp_path)
        found[words] = made._measured(made._tensors(), 0)
    clear = {name for name, one in found["plain"].items() if one.stands_out and one.signal_to_noise > 0.5}
    assert {"blocks.one.0.weight", "blocks.two.0.weight", "head.weight"} <= clear
    assert not any(one.stands_out for one in found["noise"].values())
    assert max(one.signal_to_noise for one in found["noise"].values()) < 0.2


def test_too_few_images_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidExperiment, match=f"in the gradients of 6 training examples. Use at least {FEWEST_IMAGES}"
    ):
        list(tuning("auto_snr", sorted_stripes(6), tmp_path).events())
    list(tuning("auto_rgn", sorted_stripes(6), tmp_path, epochs=1).events())


@pytest.mark.parametrize("name", ["auto_rgn", "auto_snr"])
def test_without_any_gradient_nothing_changes_and_nothing_fails(tmp_path: Path, name: str) -> None:
    """A network that is right beyond rounding has gradients of exactly 0."""
    plain = sorted_stripes(16)
    easy = Labelled(plain.inputs, torch.zeros_like(plain.labels), plain.ids)
    run = tuning(name, easy, tmp_path, epochs=2, weight_decay=0)
    with torch.no_grad():
        run.model.head.bias.copy_(torch.tensor([500.0, 0.0]))
    before = [parameter.detach().clone() for parameter in run.model.parameters()]
    list(run.events())
    assert run.step == 4
    assert all(torch.equal(*pair) for pair in zip(before, run.model.parameters(), strict=True))
