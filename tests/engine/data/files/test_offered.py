"""Columns and files of texts that a person chooses from, and what is said where the choice is in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.files.offered import Offered, offered, option
from engine.data.files.tree import list_files
from engine.data.hashes import BY_CONTENT, short_hash
from engine.data.text_set import TextSet
from engine.errors import DataError
from tests.engine.data.files.test_read_texts import ROWS, read, table


def choices(path: Path, only: str = "") -> Offered:
    return offered(list_files(path), only)


def test_columns_are_offered_by_their_names_or_by_what_is_in_them(tmp_path: Path) -> None:
    named = tmp_path / "anfragen.csv"
    named.write_text(table(";", ("Kundenfrage", "Art")), "utf-8")
    assert choices(named).columns == (("Kundenfrage", "Kundenfrage"), ("Art", "Art"))
    assert choices(named).files == ()
    bare = tmp_path / "bare.tsv"
    bare.write_text(table("\t", None), "utf-8")
    assert [value for value, _ in choices(bare).columns] == ["1", "2"]
    assert choices(bare).columns[0][1] == "Column 1: When does my card arrive?"
    for path, place in ((named, 0), (named, 1), (bare, 0), (bare, 1)):  # what is offered is what may be said
        value = choices(path).columns[place][0]
        assert read(path, labels="nowhere", text_column=value).texts[0] == ROWS[0][place]


@pytest.mark.parametrize("names", [("a b", "a b"), ("a b", ""), ("a b", "A-B")])
def test_a_column_without_a_name_of_its_own_is_offered_by_its_number(names: tuple[str, str]) -> None:
    assert [option(names, ("one", "two"), place) for place in (0, 1)] == [("a b", "a b"), ("2", "Column 2: two")]


def test_each_column_that_is_offered_is_the_one_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "alike.csv"
    path.write_text("My Text,my-text,label\n" + "".join(f"one {n},two {n},{'ab'[n % 2]}\n" for n in range(8)), "utf-8")
    values = [value for value, _ in choices(path).columns]
    assert [read(path, text_column=value).texts[0] for value in values[:2]] == ["one 0", "two 0"]


def test_files_of_a_folder_are_offered_and_class_folders_ask_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "reviews"
    folder.mkdir()
    for name, names in (("books.csv", ("text", "label")), ("films.csv", ("words", "stars"))):
        (folder / name).write_text(table(",", names), "utf-8")
    assert [value for value, _ in choices(folder).files] == ["books.csv", "films.csv"]
    assert [value for value, _ in choices(folder, "films.csv").columns] == ["words", "stars"]
    for name in ("card", "fees"):
        (tmp_path / "classes" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "classes" / name / f"{number}.txt").write_text(f"a {name} {number}")
    assert choices(tmp_path / "classes") == Offered()


@pytest.mark.parametrize("body", [b"", b"\x89PNG\r\n\x1a\n\0\0\0\1\2\3", b'text,label\n"open', b"{", b"[1, 2]"])
@pytest.mark.parametrize("name", ["odd.csv", "odd.json", "odd.jsonl"])
def test_nothing_is_offered_of_what_cannot_be_read(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    choices(tmp_path / name)  # raises nothing: what is wrong is said where it is read


def test_another_column_that_may_hold_the_classes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "anfragen.csv"
    rows = [(f"Frage {n} zu {'Karte' if n % 2 else 'Konto'}", "AB"[n % 2], f"Thema {n % 4}") for n in range(20)]
    path.write_text(table(";", ("Kundenfrage", "Filiale", "Thema"), rows), "utf-8")
    (doubt,) = read(path).doubts
    assert doubt.startswith("Classes may also stand in “Thema”, not in “Filiale”. Say under “Columns”")
    assert read(path, label_column="Thema").doubts == ()
    assert read(path, label_column="Filiale").doubts == ()


def test_a_long_name_of_a_class_ends_in_an_ellipsis_and_counts_as_before(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    long = "a name of a class that goes on " * 5
    path.write_text(table(",", ("text", "label"), [(f"text {n}", ("b", long)[n % 2]) for n in range(8)]), "utf-8")
    data = read(path)
    assert data.class_names == (f"{long[:80].strip()}…", "b")
    assert data.fingerprint == short_of(data, (long[:80].strip(), "b"))


def short_of(data: TextSet, names: tuple[str, ...]) -> str:
    """The fingerprint by these names."""
    assert data.digests is not None
    return BY_CONTENT + short_hash(data.digests.tobytes(), data.labels.tobytes(), b"", *names)


@pytest.mark.parametrize(("body", "words"), [
    ("", "“few.csv” is empty."), ("text,label\n", "“few.csv” holds names of columns and no rows below them."),
    ("Utterance;Intent\n", "“few.csv” holds names of columns and no rows below them."),
])  # fmt: skip
def test_a_table_without_rows_is_told_for_what_it_is(tmp_path: Path, body: str, words: str) -> None:
    path = tmp_path / "few.csv"
    path.write_text(body)
    with pytest.raises(DataError) as told:
        read(path)
    assert told.value.message == words
