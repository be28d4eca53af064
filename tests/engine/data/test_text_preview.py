"""What a data set of texts says of itself before a run: counts, samples, copies, tasks; "texts", never "images"."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.data.duplicates import duplicates, kin, letters_of
from engine.data.episode_splits import EpisodeShape
from engine.data.preview import preview, tasks_preview
from engine.data.sources import load, resolve
from engine.data.splits import split_images
from engine.experiment import DatasetChoice
from tests.texts import text_set

FOUR = ("refund", "delivery", "opening", "praise")


def some_texts(folder: Path, each: int = 12) -> Path:
    rows = [f"{name} text number {n} of them,{name}" for name in FOUR for n in range(each)]
    path = folder / "mine.csv"
    path.write_text(
        "\n".join(["text,label", *rows, '"Refund TEXT, number 7 of them!",refund', ",praise", rows[0]]) + "\n"
    )
    return path


def every_word(found: object) -> str:
    return repr(found).replace("what='images'", "")


def test_a_preview_counts_and_shows_texts(tmp_path: Path) -> None:
    found = preview(resolve(some_texts(tmp_path)))
    assert found.sentence == "50 texts, 4 classes, 1 text skipped"
    assert found.what == "texts"
    assert len(found.strip) == 12
    assert all(isinstance(sample, str) for sample in found.strip)
    assert [found.strip_classes[place : place + 3] for place in (0, 3, 6, 9)] == [
        (name,) * 3 for name in ("delivery", "opening", "praise", "refund")
    ]
    assert "to learn from" in found.split_sentence
    assert found.warnings[0] == "1 of 50 texts is a copy of others."
    assert "image" not in every_word(found)


def test_tasks_of_texts_show_each_class_with_its_own_texts(tmp_path: Path) -> None:
    choice = DatasetChoice(name="clinc150")
    tasks = tasks_preview(
        choice, EpisodeShape(way=4, shot=2, query=3, training_way=4, training_shot=2), "training", 0, 2
    )
    data = load(choice)
    for task in tasks:
        assert [len(row) for row in task.support] == [2] * 4
        assert [len(row) for row in task.query] == [3] * 4
        for name, row in zip(task.names, task.support, strict=True):
            assert all(data.class_names[data.labels[data.texts.index(text)]] == name for text in row)  # type: ignore[attr-defined]


def test_near_copies_of_texts_differ_in_case_signs_and_numbers(tmp_path: Path) -> None:
    data = load(resolve(some_texts(tmp_path, each=3)))
    found = duplicates(data)
    assert [group.tolist() for group in found.copies] == [[0, 13]]
    assert len(found.alike) == len(FOUR)  # of each class all differ in their number alone
    assert len(set(kin(data).tolist())) == len(FOUR)
    assert letters_of("Win £1,000 NOW!!") == letters_of("win £ 25 now")
    assert letters_of("!?") == "!?"


def test_a_test_can_leave_out_texts_that_are_nearly_those_learnt_from(tmp_path: Path) -> None:
    path = tmp_path / "spam.csv"
    rows = [f"call {n} to win now,spam\nsee you at {word} today,ham" for n, word in enumerate(["noon"] * 30)]
    others = [f"{'abcdefghij'[n]} unlike message,{'spam' if n % 2 else 'ham'}" for n in range(10)]
    path.write_text("\n".join(["text,label", *rows, *others]) + "\n")
    choice = resolve(path)
    every = split_images(load(choice), choice, 0)
    fewer = split_images(load(choice), choice.model_copy(update={"leave_out": "look-alikes"}), 0)
    assert len(fewer.test) < len(every.test)
    data = load(choice)
    looks = kin(data)
    assert not set(looks[fewer.test]) & set(looks[fewer.train])


def test_one_very_long_text_does_not_make_all_of_them_long_to_compare() -> None:
    """A table of equally long texts would take 4 GB here."""
    texts = ["a " * 500_000, *(f"text {'x' * place}" for place in range(998)), "A, " * 500_000]
    found = kin(replace(text_set(), texts=texts, labels=np.zeros(1000, np.int64), digests=None))
    assert found[0] == found[-1]
    assert len(set(found.tolist())) == 999
