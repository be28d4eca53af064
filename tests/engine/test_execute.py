"""Whole runs on bundled data: repeatability, stop, budget, failure, weights handed on."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from engine.events import (
    Evaluated,
    Event,
    Formulation,
    Metrics,
    Notice,
    Preparing,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
)  # fmt: skip
from engine.execute import execute
from engine.experiment import BackboneChoice, Budget, DatasetChoice, Experiment, MethodChoice
from engine.method import Method
from engine.preflight.cost import estimate
from engine.preflight.problems import problems

QUICK = {
    "lp_ft": {"probe_epochs": 3, "epochs": 1},
    "full_ft": {"epochs": 2},
    "linear_probe": {"epochs": 3},
    "scratch": {"epochs": 2},
    "discriminative": {"epochs": 2},
    "gradual": {"epochs": 3, "epochs_per_block": 1},
    "surgical": {"epochs": 2, "block": "last"},
    "l2_sp": {"epochs": 2},
    "auto_rgn": {"epochs": 2},
    "auto_snr": {"epochs": 2},
    "bitfit": {"epochs": 2},
    "lora": {"epochs": 2},
    "reinit_last": {"epochs": 2},
    "protonet": {"steps": 3, "training_way": 8, "validate_every": 2, "validation_episodes": 10, "test_episodes": 12},
}
QUICK["maml"] = QUICK["meta_sgd"] = {
    "way": 2, "query": 2, "steps": 2, "meta_batch": 2, "inner_steps": 2, "test_steps": 2, "validate_every": 2,
    "validation_episodes": 10, "test_episodes": 12,
}  # fmt: skip
META = ("protonet", "maml", "meta_sgd")


def quick(method: str, *, seed: int = 0, minutes: float | None = None, **more: object) -> Experiment:
    meta = method in META
    data = DatasetChoice(name="glyphs") if meta else DatasetChoice(name="digits", labels_per_class=4)
    backbone = BackboneChoice(name="resnet_small" if method == "lora" else "conv4", image_size=16)
    return Experiment(
        dataset=data,
        backbone=backbone,
        method=MethodChoice(name=method, hyperparameters=QUICK.get(method, {}) | more),
        budget=Budget(minutes=minutes),
        seed=seed,
    )


def starting_from(weights: str) -> Experiment:
    return quick("linear_probe").model_copy(update={"backbone": BackboneChoice(weights=weights)})


def curves(events: list[Event]) -> list[tuple[int, dict[str, float]]]:
    return [(event.step, dict(event.values)) for event in events if isinstance(event, Metrics)]


@pytest.mark.parametrize("method", ["lp_ft", "auto_rgn", "maml"])
def test_the_same_seed_gives_the_identical_curve_twice(method: str, tmp_path: Path) -> None:
    one, two, other = (
        list(execute(quick(method, seed=seed), tmp_path / name)) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert curves(one) == curves(two)
    assert curves(one) != curves(other)
    tests = [next(event for event in run if isinstance(event, Evaluated)) for run in (one, two)]
    assert tests[0].value == tests[1].value


def test_test_accuracy_is_the_share_of_right_predictions(tmp_path: Path) -> None:
    test = next(event for event in execute(quick("linear_probe"), tmp_path) if isinstance(event, Evaluated))
    assert test.value == pytest.approx(float(np.mean(test.truth == test.predicted)))
    assert test.n == len(test.ids) == len(np.unique(test.ids))


@pytest.mark.parametrize(
    ("run", "planned"),
    [(quick("scratch", epochs=2000), " of 2,000 epochs"), (quick("protonet", steps=5000), " of 5,000 meta-steps")],
)
def test_stopping_keeps_and_tests_what_there_is(run: Experiment, planned: str, tmp_path: Path) -> None:
    asked, events = threading.Event(), []
    for event in execute(run, tmp_path, asked.is_set):
        events.append(event)
        if isinstance(event, Metrics) and event.step >= 5:
            asked.set()
    assert isinstance(events[-1], RunStopped)
    assert events[-1].why.endswith(planned)
    assert any(isinstance(event, Evaluated) for event in events)
    assert (tmp_path / "last.safetensors").exists()


def test_closing_abandons_without_a_last_event(tmp_path: Path) -> None:
    run = execute(quick("scratch", epochs=500), tmp_path)
    for event in run:
        if isinstance(event, Metrics):
            break
    run.close()
    assert next(run, None) is None


@pytest.mark.parametrize("method", ["scratch", "protonet"])
def test_the_time_budget_ends_training_and_still_tests(method: str, tmp_path: Path) -> None:
    long = {"epochs": 2000} if method == "scratch" else {"steps": 100_000}
    events = list(execute(quick(method, minutes=0.005, **long), tmp_path))
    assert isinstance(events[-1], RunFinished)
    assert any(isinstance(event, Notice) and "time budget" in event.text for event in events)
    assert any(isinstance(event, Evaluated) for event in events)


def test_weights_of_one_run_start_another(tmp_path: Path) -> None:
    list(execute(quick("scratch"), tmp_path / "first"))
    assert isinstance(list(execute(starting_from("run:first"), tmp_path / "second"))[-1], RunFinished)


def test_no_meta_steps_test_the_weights_as_they_are(tmp_path: Path) -> None:
    events = list(execute(quick("protonet", steps=0), tmp_path))
    test = next(event for event in events if isinstance(event, Evaluated))
    assert test.protocol["weights"] == "as loaded"
    assert test.value > 0.3  # random convolutions are far above the 20 % of guessing on characters


@pytest.mark.parametrize(
    "given,sentence",
    [
        (quick("scratch").model_copy(update={"device": "cuda:9"}), "no device “cuda:9”"),
        (starting_from("run:gone"), "run gone are gone"),
        (quick("protonet", way=70), "70"),
        (quick("protonet", shot=20, query=20), "40"),
        (Experiment(method=MethodChoice(name="nothing")), "no method called"),
    ],
)
def test_what_a_person_can_mend_is_a_sentence_with_advice(given: Experiment, sentence: str, tmp_path: Path) -> None:
    last = list(execute(given, tmp_path, known=[Formulation({"torch threads": 1}, "another machine")]))[-1]
    assert isinstance(last, RunFailed)
    assert last.kind == "experiment"
    assert sentence in last.message
    assert last.advice
    assert not last.traceback


def test_an_unwritable_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    last = list(execute(quick("scratch"), tmp_path / "file" / "run"))[-1]
    assert isinstance(last, RunFailed)
    assert "cannot be written" in last.message


@pytest.mark.parametrize("method", [name for name in QUICK if name != "protonet"])
def test_the_cost_card_counts_and_times(method: str) -> None:
    cost = estimate(quick(method))
    # Meta-SGD has a rate for everything but the scales and shifts of batch norm, 2 * 4 * 64.
    heads = {"maml": 65 * 2, "meta_sgd": 2 * 65 * 2 + 111_936 - 512, "lora": 129 * 10}
    head = heads.get(method, 65 * 10)
    assert cost.parameters == (694_752 if method == "lora" else 111_936) + head
    # Biases and norms of Conv-4: 4 * (64 + 128); rank 4: 4 * (k * k * inputs + outputs), see test_layer_table.
    # Three epochs of one block each free the last two; measured rates leave norms out, 4 * 2 * 64.
    few = {"linear_probe": 0, "surgical": 37_056, "bitfit": 768, "lora": 33_700, "gradual": 2 * 37_056}
    few |= dict.fromkeys(("auto_rgn", "auto_snr"), 111_936 - 512)
    assert cost.trainable == few.get(method, cost.parameters - head) + head
    assert cost.seconds > 0
    assert cost.memory_bytes > 4 * cost.parameters


@pytest.mark.parametrize("method", ["scratch", "protonet"])
def test_stopping_while_images_are_read_ends_at_once_with_nothing(method: str, tmp_path: Path) -> None:
    asked, events = threading.Event(), []
    for event in execute(quick(method), tmp_path, asked.is_set):
        events.append(event)
        if isinstance(event, Preparing):
            asked.set()
    assert isinstance(events[-1], RunStopped)
    assert not any(isinstance(event, RunStarted | Evaluated) for event in events)


def test_stopping_while_images_are_embedded_tests_the_untrained_head(tmp_path: Path) -> None:
    asked, events = threading.Event(), []
    for event in execute(quick("linear_probe"), tmp_path, asked.is_set):
        events.append(event)
        if isinstance(event, Preparing) and event.text.startswith("Embedding"):
            asked.set()
    assert [event for event in events if isinstance(event, Metrics)] == []
    assert isinstance(events[-1], RunStopped)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("linear_probe", {}),
        ("protonet", {}),
        ("head_bench", {"most_labels": "1", "repeats": 1, "heads": "Nearest mean"}),
    ],
)
def test_values_are_checked_once_per_check_and_once_per_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, values: dict[str, object]
) -> None:
    calls: list[str] = []
    build = Method.from_values.__func__  # type: ignore[attr-defined]

    def counted(kind: type[Method], values: dict[str, object]) -> object:
        calls.append(kind.name)
        return build(kind, values)

    monkeypatch.setattr(Method, "from_values", classmethod(counted))
    experiment = quick(name, **values)
    assert problems(experiment) == []
    assert calls == [name]
    calls.clear()
    assert isinstance(list(execute(experiment, tmp_path))[-1], RunFinished)
    assert calls == [name, name]  # before it starts, and for the run itself
