"""The order of files is that of their natural keys, whatever they are called, and by hand what a person expects."""

from __future__ import annotations

import os
import random

import pytest

from engine.data.files import order
from engine.data.files.kinds import ending
from engine.data.files.order import in_order, natural
from engine.data.files.reading import Entry

PARTS = {
    "numbers of one width": ("class 01", "class 10", "001.png", "010.png", "100.png"),
    "numbers as they come": ("1", "9", "10", "100", "1.png", "9.png", "10.png", "img_2_10.png", "img_10_2.png"),
    "the same number twice": ("1", "01", "001", "1.png", "01.png", "a1.png", "a01.png"),
    "large and small letters": ("Cat", "cat", "CAT", "A1.png", "a1.png", "a10.png", "B2.PNG", "straße", "STRASSE"),
    "other digits": ("٣", "٣5", "٣10", "5", "10", "a٣.png", "a5.png", "٣5.png", "٣10.png", "²", "a².png"),
    "all of it": ("a", "ab", "a b", "a.b", "a-", "a1b", "a01", "", "é", "1", "٣", "Z", ".hidden", "x.tar.gz"),
}  # fmt: skip


def entries(paths: set[str]) -> list[Entry]:
    return [Entry(path, 1, 0, path) for path in sorted(paths)]


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS.keys())
@pytest.mark.parametrize("deep", [(0,), (1,), (2,), (0, 1, 2, 3)], ids=str)
def test_any_files_are_ordered_as_their_keys_are(parts: tuple[str, ...], deep: tuple[int, ...]) -> None:
    draws = random.Random(0)
    for _ in range(60):
        found = {
            "/".join(draws.choice(parts) or "x" for _ in range(draws.choice(deep) + 1))
            for _ in range(draws.randint(1, 40))
        }
        files = entries(found)
        draws.shuffle(files)
        assert in_order(files) == sorted(files, key=lambda entry: natural(entry.path))


def test_by_hand_nine_comes_before_ten_in_folders_and_in_names() -> None:
    paths = {"b 10/1.png", "b 9/10.png", "b 9/9.png", "B 9/1.png", "a/2.png"}
    assert [one.path for one in in_order(entries(paths))] == [
        "a/2.png", "B 9/1.png", "b 9/9.png", "b 9/10.png", "b 10/1.png",
    ]  # fmt: skip


def test_files_that_differ_in_numbers_alone_need_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """What 100,000 of them cost is counted, not timed."""
    asked = list[str]()
    monkeypatch.setattr(order, "natural", lambda text: asked.append(text) or natural(text))
    padded = {f"class {label:02d}/{place:05d}.jpg" for label in range(20) for place in range(50)}
    plain = {f"n{label}/n{label}_{place}.JPEG" for label in range(20) for place in range(50)}
    for paths in (padded, plain):
        assert [one.path for one in in_order(entries(paths))] == sorted(paths, key=natural)
    assert asked == []


@pytest.mark.parametrize(
    "path", ["a.png", "a/B.PNG", "a.b/c", ".png", "a/.png", "a/..png", "x.tar.GZ", "a.", "", "a/", "...a", "..", "é.İ"]
)
def test_an_ending_is_what_the_library_says(path: str) -> None:
    assert ending(path) == os.path.splitext(path)[1].lower()
