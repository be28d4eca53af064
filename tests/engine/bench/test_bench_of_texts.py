"""A head bench of texts: class names without a label, counted words beside every head, unit lengths, any order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bench import features as embedding
from engine.bench.features import FeatureKind, embedded
from engine.bench.figures import figures, is_bench
from engine.bench.of_texts import names_of, part_of
from engine.data import sources
from engine.data.dataset import DataSet, DatasetInfo
from engine.data.splits import split_images
from engine.data.text_set import TextSet
from engine.events import EpochCompleted, Evaluated, Event, Notice, Preparing, RunFinished, RunStarted
from engine.execute import execute
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice, Shift
from engine.heads.catalog import HEADS
from engine.heads.class_names import ClassNames
from engine.heads.counted_words import CountedWords
from engine.preflight.problems import problems
from tests.engine.tuning.resuming import assert_equal, in_pieces, keep_every_point
from tests.texts import text_set

TITLES = [head.title for head in HEADS]


def bench(**hyperparameters: object) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="topics"),
        backbone=BackboneChoice(name="text_bilstm"),
        method=MethodChoice(name="head_bench", hyperparameters={"most_labels": "2", "repeats": 2} | hyperparameters),
    )


def know_topics(patched: pytest.MonkeyPatch, outside: tuple[str, ...] = ()) -> None:
    """Four topics with sixteen texts each stand among the data sets of the program. outside: of none of them."""
    info = DatasetInfo("topics", "Topics", "Short texts on four topics.", 64, 4)
    sets = (*sources.sets(), DataSet(info, load=lambda _: replace(text_set(4, 16), outside=outside), texts=True))
    patched.setattr(sources, "sets", lambda: sets)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    with pytest.MonkeyPatch.context() as patched:
        know_topics(patched)
        return list(execute(bench(), tmp_path_factory.mktemp("bench") / "run"))


def cells(events: list[Event]) -> list[Evaluated]:
    return [event for event in events if isinstance(event, Evaluated) and is_bench(event)]


def test_class_names_are_the_zero_and_counted_words_stand_beside_all(told: list[Event]) -> None:
    assert isinstance(told[-1], RunFinished)
    found = figures(cells(told))
    none = [figure for figure in found if figure.position == 0]
    assert [(figure.head, figure.count) for figure in none] == [("Class names", "0 labels")]
    for position in (1, 2):
        at = [figure.head for figure in found if figure.position == position]
        assert at == [*TITLES, "Class names", "Counted words, no network"]
    assert [event.step for event in told if isinstance(event, EpochCompleted)] == [0, 1, 2]


def test_counted_words_are_a_measure_and_never_chosen(told: list[Event]) -> None:
    """Though of topics that are told by their words nothing is better in cross-validation."""
    run = next(event for event in told if isinstance(event, Evaluated))
    folds = {figure.head: figure.folds for figure in figures(cells(told)) if figure.position == 2}
    assert max(folds, key=lambda head: folds[head]) == "Counted words, no network"
    assert run.protocol["head"] == max((head for head in folds if "no network" not in head), key=lambda h: folds[h])


def test_counted_words_alone_ask_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is embedded, texts of none of the classes neither, and its figure is that of counting the words of the
    very texts that others learn from."""
    know_topics(monkeypatch, outside=("a stranger", "another one", "nothing of it"))
    for room in ("run", "of_texts"):
        monkeypatch.setattr(f"engine.bench.{room}.embedded", None)
    given = bench(heads=CountedWords.title, most_labels="all")
    given = given.model_copy(update={"dataset": given.dataset.model_copy(update={"labels_per_class": 3})})
    assert problems(given) == []
    events = list(execute(given, tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    assert {figure.head for figure in figures(cells(events))} == {CountedWords.title}
    run = next(event for event in events if isinstance(event, Evaluated))
    data = text_set(4, 16)
    split = split_images(data, given.dataset, given.seed)
    learnt, asked = (np.array([data.texts[at] for at in ids], object) for ids in (split.train, split.test))
    said = CountedWords().fit(learnt, data.labels[split.train], 4)(asked).argmax(1)
    assert len(split.train) == 12
    assert run.value == pytest.approx(float((said == data.labels[split.test]).mean()))
    assert run.protocol["weights"] == "none: words are counted"
    started = next(event for event in events if isinstance(event, RunStarted))
    assert "parameters" not in started.facts


def test_one_head_needs_no_class_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know_topics(monkeypatch)
    monkeypatch.setattr("engine.bench.run.names_of", None)
    events = list(execute(bench(heads="Logistic regression"), tmp_path / "run"))
    assert isinstance(events[-1], RunFinished), events[-1]
    assert {figure.head for figure in figures(cells(events))} == {"Logistic regression", CountedWords.title}


def test_words_of_images_are_not_counted() -> None:
    method = MethodChoice(name="head_bench", hyperparameters={"heads": CountedWords.title})
    (fault,) = problems(Experiment(dataset=DatasetChoice(name="digits"), method=method))
    assert (fault.message, fault.field) == (
        "Words are counted in texts, and these are images.", "hyperparameters.heads",
    )  # fmt: skip


def test_nothing_that_a_bench_says_of_texts_speaks_of_images(told: list[Event]) -> None:
    run = next(event for event in told if isinstance(event, Evaluated))
    said = [str(value) for cell in cells(told) for value in cell.protocol.values()]
    said += [str(run.protocol[key]) for key in ("chosen by", "how sure", "standardised", "features")]
    said += [event.text for event in told if isinstance(event, Preparing | Notice)]
    assert [words for words in said if "image" in words] == []
    assert {cell.protocol.get("features") for cell in cells(told)} == {"of length 1", None}


def test_one_head_alone_stands_beside_counted_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know_topics(monkeypatch)
    one = bench(heads="Nearest mean", most_labels="1", repeats=1)
    found = figures(cells(list(execute(one, tmp_path / "run"))))
    assert [figure.head for figure in found] == ["Nearest mean", "Counted words, no network"]


def test_class_names_by_hand() -> None:
    """Two classes in the plane: names alone, then names and the mean of the texts."""
    names = np.array([[2.0, 0.0], [0.0, 5.0]])
    nothing = ClassNames(names).fit(np.zeros((0, 2)), np.zeros(0, np.int64), 2)
    assert np.allclose(nothing(np.array([[3.0, 4.0]])), [[0.6, 0.8]])
    texts, labels = np.array([[0.0, 3.0], [0.0, 1.0], [1.0, 0.0]]), np.array([0, 0, 1])
    both = ClassNames(names).fit(texts, labels, 2)  # (0, 1) twice and (1, 0); (1, 0) and (0, 1)
    assert np.allclose(both(np.array([[1.0, 0.0]])), [[0.2**0.5, 0.5**0.5]])


def test_counted_words_tell_classes_by_words_and_pairs() -> None:
    texts = np.array(["not good", "good not", "not good at all", "good not at all"], dtype=object)
    score = CountedWords().fit(texts, np.array([0, 1, 0, 1]), 2)
    asked = np.array(["so not good", "so good not", "", "😀"], dtype=object)
    assert score(asked)[:2].argmax(1).tolist() == [0, 1], "the order of two words tells them apart"
    assert np.isfinite(score(asked)).all()
    assert CountedWords().fit(np.array(["a", "b", "c"], object), np.arange(3), 3)(asked).shape == (4, 3)


def drained(steps: object) -> np.ndarray:
    try:
        while True:
            next(steps)  # type: ignore[call-overload]
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


def test_features_come_in_the_order_asked_whatever_order_they_are_computed_in(tmp_path: Path) -> None:
    """And a pass that was cut off goes on with what is missing."""
    data, kind = text_set(4, 16), FeatureKind(BackboneChoice(name="text_bilstm"), tmp_path)
    ids = np.random.default_rng(0).permutation(len(data))
    some = drained(embedded(data, ids[:10], kind))
    whole = drained(embedded(data, ids, kind))
    assert np.array_equal(whole[:10], some)
    fresh = FeatureKind(BackboneChoice(name="text_bilstm"), tmp_path / "other")
    one_by_one = np.concatenate([drained(embedded(data, ids[at : at + 1], fresh)) for at in range(12)])
    assert np.allclose(whole[:12], one_by_one, atol=1e-6)


def test_the_longest_texts_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(embedding, "seen_pixels", lambda data, ids, shape, shift: _noted(seen, data, ids, shape))
    data = text_set(4, 16)
    drained(embedded(data, np.arange(len(data)), FeatureKind(BackboneChoice(name="text_bilstm"), tmp_path)))
    assert seen == sorted(seen, reverse=True)


def _noted(seen: list[int], data: TextSet, ids: np.ndarray, shape: object) -> object:
    import torch

    rows = data.read(ids, shape)  # type: ignore[arg-type]
    seen += (rows != 0).sum(1).tolist()
    return torch.from_numpy(rows)


def test_names_are_read_as_texts_and_parts_have_unit_length(tmp_path: Path) -> None:
    data, kind = text_set(4, 3), FeatureKind(BackboneChoice(name="text_bilstm"), tmp_path)
    names = drained(names_of(data, np.array([2, 0]), kind))
    assert names.shape == (2, 256)
    part = part_of(data, np.full((2, 3), 2.0, np.float32), np.array([0, 1]), np.array([1, 0]))
    assert np.allclose(np.linalg.norm(part.features, axis=1), 1)
    assert part.texts is not None
    assert part.texts.tolist() == [data.texts[1], data.texts[0]]


def test_counted_words_read_the_shifted_texts_as_the_network_does() -> None:
    """Of texts that are cut to two words neither knows the rest."""
    data, shift = text_set(4, 3), Shift(kind="cut", severity=5)
    part = part_of(data, np.ones((3, 2), np.float32), np.zeros(3, np.int64), np.arange(3), shift)
    assert part.texts is not None
    assert part.texts.tolist() == [" ".join(data.texts[place].split()[:2]) for place in range(3)]


def test_counted_words_of_texts_without_a_word_know_nothing() -> None:
    score = CountedWords().fit(np.array(["", " "], object), np.arange(2), 2)
    assert score(np.array(["a word", ""], object)).tolist() == [[0, 0], [0, 0]]


def test_a_bench_of_texts_goes_on_to_the_last_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    know_topics(monkeypatch)
    given = bench(heads="Nearest mean", repeats=1)
    expected = list(execute(given, tmp_path / "whole"))
    keep_every_point(monkeypatch)
    pieces = in_pieces(given, tmp_path / "cut", 12, later=2)  # whole draws are kept, of up to 8 points
    assert_equal(pieces, tmp_path / "cut", expected, tmp_path / "whole")
