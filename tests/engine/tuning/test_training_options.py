"""The loop's options against hand computation: anchors, measured rates, averages, mixup, weights, patience, time."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone, snapshot
from engine.events import Event, Metrics, Notice
from engine.machine.limits import Limits
from engine.preparation.inputs import Labelled, Normaliser
from engine.registry import method
from engine.tuning.objective import AveragedWeights, Blend, Objective, balanced_weights
from engine.tuning.schedules import factor
from engine.tuning.trainable import Anchor, Part
from engine.tuning.training import FineTuning
from tests.engine.tuning.striped import small_network, stripes

PLAIN = Normaliser(2, 1)
PIXELS = torch.tensor(
    [[0, 51, 102, 153], [204, 255, 0, 51], [102, 0, 255, 0], [255, 255, 51, 0]], dtype=torch.uint8
).view(4, 1, 2, 2)
LABELS = torch.tensor([0, 1, 0, 1])
FEW = Labelled(PIXELS, LABELS, np.arange(4))
WEIGHTS = {
    "blocks.one.1.weight": [[0.5, -0.2, 0.1, 0.3], [-0.4, 0.6, 0.2, -0.1]],
    "blocks.one.1.bias": [0.05, -0.05],
    "head.weight": [[0.7, -0.3], [-0.2, 0.4]],
    "head.bias": [0.0, 0.1],
}


def linear_network() -> Backbone:
    model = Backbone({"one": nn.Sequential(nn.Flatten(), nn.Linear(4, 2))}, 2, 2)
    model.load_state_dict({name: torch.tensor(value) for name, value in WEIGHTS.items()})
    return model


def tuning(name: str, folder: Path, model: Backbone | None = None, limits: Limits | None = None, **values: object):  # type: ignore[no-untyped-def]
    chosen = method(name).from_values(values)
    if model is not None:
        return FineTuning(model, chosen, FEW, FEW, PLAIN, Checkpoints(folder), limits or Limits(), seed=0)
    train, shape = stripes(), Normaliser(8, 1)
    return FineTuning(
        small_network(), chosen, train, stripes(8), shape, Checkpoints(folder), limits or Limits(), seed=0
    )


def losses(events: list[Event]) -> list[float]:
    return [e.values["train/loss"] for e in events if isinstance(e, Metrics) and "train/loss" in e.values]


def gradients(w: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Of the mean cross-entropy of the two linear layers on the four images, written out."""
    x = PIXELS.numpy().reshape(4, 4) / 255
    hidden = x @ w["blocks.one.1.weight"].T + w["blocks.one.1.bias"]
    logits = hidden @ w["head.weight"].T + w["head.bias"]
    share = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    wrong = (share - np.eye(2)[LABELS.numpy()]) / 4
    back = wrong @ w["head.weight"]
    return {
        "blocks.one.1.weight": back.T @ x,
        "blocks.one.1.bias": back.sum(0),
        "head.weight": wrong.T @ hidden,
        "head.bias": wrong.sum(0),
    }


def test_l2_sp_three_steps_by_hand(tmp_path: Path) -> None:
    alpha, beta, rate, momentum = 0.5, 0.01, 0.3, 0.9
    run = tuning(
        "l2_sp", tmp_path, linear_network(), epochs=3, anchor=alpha, weight_decay=beta, learning_rate=rate,
        momentum=momentum, schedule="constant",
    )  # fmt: skip
    list(run.events())
    w = {name: np.array(value) for name, value in WEIGHTS.items()}
    start, speed = {k: v.copy() for k, v in w.items()}, {k: np.zeros_like(v) for k, v in w.items()}
    for _ in range(3):
        g = gradients(w)
        for name in w:
            pull = beta * w[name] if name.startswith("head") else alpha * (w[name] - start[name])
            speed[name] = momentum * speed[name] + g[name] + pull
        w = {name: w[name] - rate * speed[name] for name in w}
    for name, value in run.model.state_dict().items():
        assert np.allclose(value.numpy(), w[name], atol=1e-6), name


def test_the_anchor_adds_alpha_times_the_way_back() -> None:
    weight = nn.Parameter(torch.tensor([3.0, -1.0]))
    weight.grad = torch.tensor([0.1, 0.2])
    Anchor([Part("one", [weight], 1.0, 0.5)], {weight: torch.tensor([1.0, 1.0])}).add_gradient()
    assert torch.allclose(weight.grad, torch.tensor([1.1, -0.8]))


def test_auto_rgn_s_rates_in_the_optimiser_follow_from_the_gradients(tmp_path: Path) -> None:
    run = tuning("auto_rgn", tmp_path, linear_network(), epochs=1, learning_rate=0.2, batch_size=4, schedule="constant")
    events = list(run.events())
    w = {name: np.array(value) for name, value in WEIGHTS.items()}
    norm = np.linalg.norm
    ratio = {name: norm(g) / norm(w[name]) for name, g in gradients(w).items()}
    rates = {name: 0.2 * value / max(ratio.values()) for name, value in ratio.items()}
    told = next(e.values for e in events if isinstance(e, Metrics) and "rate/one" in e.values)
    assert told["rate/one"] == pytest.approx((rates["blocks.one.1.weight"] + rates["blocks.one.1.bias"]) / 2, rel=1e-4)
    assert told["rate/head"] == pytest.approx((rates["head.weight"] + rates["head.bias"]) / 2, rel=1e-4)


def test_schedules_by_hand() -> None:
    assert factor("cosine", 0.5) == pytest.approx(0.5)
    assert factor("constant", 0.9) == 1.0
    # ULMFiT, cut 0.1, ratio 32: at a tenth the peak, at 0 and 1 a 32nd, half way down (0.55) (1 + 31 / 2) / 32.
    assert [factor("slanted triangular", p) for p in (0, 0.1, 0.55, 1)] == pytest.approx([1 / 32, 1, 16.5 / 32, 1 / 32])
    assert [factor("one-cycle", p) for p in (0, 0.15, 0.3, 1)] == pytest.approx([0.04, 0.52, 1, 4e-6])


def test_one_cycle_is_torch_s() -> None:
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1.0, total_steps=2001, pct_start=0.3)
    for step in range(2001):
        assert factor("one-cycle", step / 2000) == pytest.approx(optimiser.param_groups[0]["lr"], abs=2e-3)
        optimiser.step()
        if step < 2000:
            theirs.step()


def test_balanced_class_weights_by_hand() -> None:
    # Six images, three classes, one of them without any: 6 / (3 * 4), 6 / (3 * 2), 0.
    assert balanced_weights(torch.tensor([0, 0, 0, 0, 2, 2]), 3).tolist() == pytest.approx([0.5, 0.0, 1.0])


def test_mixup_blends_images_and_losses() -> None:
    blend = Blend(0.75, torch.tensor([1, 0]))
    assert blend(torch.tensor([[0.0], [4.0]])).flatten().tolist() == [1.0, 3.0]
    plain = Objective(torch.tensor([0, 1]), 2, "none", 0.0, 0.2, torch.Generator())
    logits, labels = torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1])
    own = (math.log(1 + math.exp(-2)) + math.log(2)) / 2
    swapped = (math.log(1 + math.exp(2)) + math.log(2)) / 2
    assert float(plain.loss(logits, labels, blend)) == pytest.approx(0.75 * own + 0.25 * swapped, rel=1e-6)


def test_mixup_s_share_follows_the_beta_law() -> None:
    objective = Objective(LABELS, 2, "none", 0.0, 0.5, torch.Generator().manual_seed(3))
    shares = [blend.share for _ in range(2000) if (blend := objective.blend(4, torch.device("cpu")))]
    assert min(shares) >= 0.5
    # max(s, 1 - s) of Beta(1/2, 1/2), the arcsine law, has the mean 1/2 + 1/pi.
    assert sum(shares) / len(shares) == pytest.approx(0.5 + 1 / math.pi, abs=0.01)


def test_the_average_of_weights_by_hand() -> None:
    first, second = nn.Parameter(torch.tensor([0.0])), torch.tensor([8.0])
    average = AveragedWeights(0.5)
    average.follow([first])
    values = ((1.0, 8.0), (2.0, 8.0), (4.0, 6.0))
    for step, (one, two) in enumerate(values):
        if step == 2:
            average.follow([first, second])  # what joins has an average of its own age
        with torch.no_grad():
            first.fill_(one)
            second.fill_(two)
        average.update()
    # Decays 1/10, 2/11 and 3/12 at the steps of an average: 0.9; 0.9 * 2/11 + 2 * 9/11; that * 1/4 + 4 * 3/4.
    expected = (0.9 * 2 / 11 + 2 * 9 / 11) / 4 + 3
    with average.applied():
        assert first.item() == pytest.approx(expected)
        assert second.item() == pytest.approx(8 * 0.1 + 6 * 0.9)
    assert (first.item(), second.item()) == (4.0, 6.0)
    average.keep()
    assert first.item() == pytest.approx(expected)


@pytest.mark.parametrize("name", ["full_ft", "gradual", "auto_rgn", "auto_snr", "lora", "linear_probe"])
def test_averaging_changes_what_is_kept_and_never_the_training(tmp_path: Path, name: str) -> None:
    """Across blocks that join and rates that are measured anew too: the losses are the same to the last bit."""
    norm = {} if name == "linear_probe" else {"batch_norm": "batch statistics"}
    values = {"epochs": 4, "learning_rate": 0.01, "batch_size": 4, **norm}
    values |= {"epochs_per_block": 1} if name == "gradual" else {}
    plain, averaged = (tuning(name, tmp_path, **values, ema=ema) for ema in (0.0, 0.9))
    first, second = list(plain.events()), list(averaged.events())
    assert losses(first) == losses(second)
    kept = zip(plain.model.parameters(), averaged.model.parameters(), strict=True)
    assert not all(torch.equal(*pair) for pair in kept)


def test_batch_norm_s_running_statistics_are_averaged_by_hand(tmp_path: Path) -> None:
    """One step an epoch, so that checkpoints of a run without averaging show the statistics after every step."""
    seen: list[torch.Tensor] = []
    values = {"learning_rate": 0.01, "batch_size": 12, "schedule": "constant"}
    plain = tuning("full_ft", tmp_path, epochs=3, **values)
    start = plain.model.block("one")[1].running_mean.clone()
    for event in plain.events():
        if isinstance(event, Metrics) and "val/loss" in event.values:
            seen.append(plain.model.block("one")[1].running_mean.clone())
    averaged = tuning("full_ft", tmp_path, epochs=3, **values, ema=0.9)
    list(averaged.events())
    mean = start
    for step, value in enumerate(seen, 1):
        share = step / (step + 9)
        mean = share * mean + (1 - share) * value
    assert torch.allclose(averaged.model.block("one")[1].running_mean, mean, atol=1e-6)
    assert not torch.allclose(seen[-1], mean, atol=1e-3)


def test_blocks_that_join_have_fresh_state_and_the_others_keep_theirs(tmp_path: Path) -> None:
    run = tuning("gradual", tmp_path, epochs=3, epochs_per_block=1, schedule="constant")
    moved: dict[int, set[str]] = {}
    for event in run.events():
        if isinstance(event, Metrics) and "moved/head" in event.values:
            moved[run.epoch] = {key for key, far in event.values.items() if key.startswith("moved/") and far > 0}
    assert moved == {1: {"moved/head"}, 2: {"moved/head", "moved/two"}, 3: {"moved/head", "moved/two", "moved/one"}}


def test_caching_the_frozen_blocks_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"block": "two", "epochs": 4, "learning_rate": 0.01, "batch_size": 5}
    cached = losses(list(tuning("surgical", tmp_path, **values).events()))
    monkeypatch.setattr("engine.tuning.learners.KEPT_BYTES", 0)
    whole = losses(list(tuning("surgical", tmp_path, **values).events()))
    assert cached == pytest.approx(whole, abs=1e-6)


def test_patience_ends_the_stage_and_says_so(tmp_path: Path) -> None:
    run = tuning("full_ft", tmp_path, epochs=50, learning_rate=0.01, patience=3)
    events = list(run.events())
    values = [e.values for e in events if isinstance(e, Metrics) and "val/accuracy" in e.values]
    best = max(range(len(values)), key=lambda i: (values[i]["val/accuracy"], -i))
    assert len(values) == best + 1 + 3
    assert values[-1]["val/epochs without gain"] == 3
    assert any(isinstance(e, Notice) and "3 epochs without a better" in e.text for e in events)


def test_a_time_budget_replaces_the_epochs(tmp_path: Path) -> None:
    limits = Limits(minutes=0.6 / 60, instead_of_epochs=True)
    run = tuning("full_ft", tmp_path, limits=limits, epochs=1)
    limits.start()
    events = list(run.events())
    assert run.total_steps == 0
    assert run.epoch > 3
    rates = [e.values["rate/head"] for e in events if isinstance(e, Metrics) and "rate/head" in e.values]
    assert rates[0] > 0.9e-3
    assert rates[-1] < 0.1e-3


def test_clipping_bounds_the_step(tmp_path: Path) -> None:
    run = tuning(
        "full_ft", tmp_path, linear_network(), epochs=1, optimiser="SGD", momentum=0.0, learning_rate=1.0,
        clip_norm=0.01, weight_decay=0.0, schedule="constant",
    )  # fmt: skip
    before = snapshot(run.model)
    list(run.events())
    length = math.sqrt(sum(float((run.model.state_dict()[k] - before[k]).square().sum()) for k in before))
    assert length == pytest.approx(0.01, rel=1e-3)


def test_lora_trains_and_leaves_an_ordinary_network(tmp_path: Path) -> None:
    model = linear_network()
    run = tuning("lora", tmp_path, model, epochs=5, learning_rate=0.1, rank=1)
    events = list(run.events())
    assert losses(events)[-1] < losses(events)[0]
    change = (model.state_dict()["blocks.one.1.weight"] - torch.tensor(WEIGHTS["blocks.one.1.weight"])).numpy()
    assert np.linalg.matrix_rank(change, tol=1e-6) == 1
    assert set(model.state_dict()) == set(WEIGHTS)


def test_the_head_s_rate_counts_on_cached_features_too(tmp_path: Path) -> None:
    run = tuning("linear_probe", tmp_path, epochs=1, learning_rate=0.4, layers={"head": {"rate": 0.25}})
    told = [e.values["rate/head"] for e in run.events() if isinstance(e, Metrics) and "rate/head" in e.values]
    assert told == [pytest.approx(0.1)]


def test_a_pause_does_not_count_against_the_time() -> None:
    limits = Limits(minutes=1)
    limits.start()
    limits.paused_for(-45.0)  # as if 45 seconds had passed
    assert limits.fraction == pytest.approx(0.75, abs=0.01)
    limits.paused_for(30.0)
    assert limits.fraction == pytest.approx(0.25, abs=0.01)
