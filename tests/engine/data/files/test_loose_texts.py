"""Texts that a person hands in without labels: typed, in tables, lists, files, folders and zips."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from engine.data.files.loose import Look
from engine.data.files.loose_texts import EMPTY, LooseTexts, lines_of
from engine.data.files.read_as import PLAIN
from engine.data.files.read_texts import NO_JSON, TOO_MANY
from engine.data.hashes import digest
from engine.data.sources import load
from engine.errors import DataError
from engine.experiment import DatasetChoice
from engine.preparation.inputs import Pieces
from engine.texts.tokens import tokens
from tests.texts import text_set

FORM = Pieces(8, "words")


def texts(found: LooseTexts) -> list[str]:
    return [found.text(place) for place in range(len(found))]


def names(found: LooseTexts) -> list[str]:
    return [found.name(place) for place in range(len(found))]


def test_a_table_with_odd_names_gives_its_texts_and_says_where_each_stands(tmp_path: Path) -> None:
    table = tmp_path / "odd.csv"
    table.write_text('nr;what they wrote;who\n1;"a first; with\na break";ann\n2;;bob\n3;and a third one;cy\n')
    found = LooseTexts([table], column="what they wrote")
    assert texts(found) == ["a first; with\na break", "", "and a third one"]
    assert names(found) == [f"{table}, row {row}" for row in (2, 3, 4)]
    assert texts(LooseTexts([table])) == texts(found)  # the column with most letters
    with pytest.raises(DataError, match="has no column “other”"):
        LooseTexts([table], column="other")


def test_signs_in_sentences_cut_no_text_short(tmp_path: Path) -> None:
    """A heading alone stands above whole lines; a row with more cells than there are columns is told and not read."""
    alone, several = tmp_path / "alone.csv", tmp_path / "several.csv"
    alone.write_text('what\nhello, world\n"no, ""thanks"""\nyes\n')
    assert texts(LooseTexts([alone])) == ["what", "hello, world", 'no, "thanks"', "yes"]
    alone.write_text('text\n"of two\nlines"\n"no"\n')
    assert texts(LooseTexts([alone])) == ["of two\nlines", "no"]
    alone.write_text('text\nhello, world\n"no, thanks\n')
    assert texts(LooseTexts([alone])) == ["hello, world", '"no, thanks']
    alone.write_text("text\nhello, world\nno, thanks\n")
    assert texts(LooseTexts([alone], column="text")) == ["hello, world", "no, thanks"]
    several.write_text("id,text\n1,hello, world\n2,no thanks,\n3,yes\n4,or no\n")
    found = LooseTexts([several])
    assert texts(found) == ["", "no thanks", "yes", "or no"]
    assert found.read([0], FORM) == found.look([0], [(PLAIN, FORM)]) == [TOO_MANY]


def test_the_first_of_a_few_rows_is_no_heading_unless_it_says_so(tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    table.write_text("hello there my friend;greet\nno thanks to you;refuse\nnot at all for me;refuse\n")
    assert texts(LooseTexts([table])) == ["hello there my friend", "no thanks to you", "not at all for me"]


def test_a_line_that_is_no_json_is_told(tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"text": "one"}\nbroken\n{"text": "two"}\n')
    found = LooseTexts([lines])
    assert texts(found) == ["one", "two", ""]
    assert names(found)[2] == f"{lines}, line 2"
    assert found.read([2], FORM) == [NO_JSON]


@pytest.mark.parametrize("packed", [False, True], ids=("folder", "zip"))
def test_folders_and_zips_are_read_by_their_best_kind(tmp_path: Path, packed: bool) -> None:
    folder = tmp_path / "letters"
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "10.txt").write_text("the tenth\nletter")
    (folder / "in" / "9.txt").write_text("the ninth")
    (folder / "README.md").write_text("no letter")
    given = folder
    if packed:
        given = tmp_path / "letters.zip"
        with ZipFile(given, "w") as body:
            for file in folder.rglob("*.*"):
                body.write(file, file.relative_to(folder))
    found = LooseTexts([given])
    assert texts(found) == ["the ninth", "the tenth\nletter"]
    assert names(found) == [f"{given}/in/9.txt", f"{given}/in/10.txt"]
    if not packed:
        (folder / "more.jsonl").write_text(json.dumps({"text": "of a list"}) + "\n")
        assert texts(LooseTexts([given])) == ["of a list"]


def test_a_text_file_is_lines_or_one_text_in_whatever_code(tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_bytes("café au lait\r\n\r\n  zweite Zeile\0 \n".encode("cp1252"))
    assert texts(LooseTexts([file])) == ["café au lait", "zweite Zeile"]
    assert names(LooseTexts([file])) == [f"{file}, line 1", f"{file}, line 2"]
    assert texts(LooseTexts([file], whole=True)) == ["café au lait\n\n  zweite Zeile"]
    assert lines_of("eins\nzwei".encode("utf-16")) == ["eins", "zwei"]


def test_what_holds_no_texts_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "none.txt").write_bytes(b"\n \n")
    (tmp_path / "bytes.csv").write_bytes(bytes(range(1, 30)) * 9)
    for name, words in (("empty", "holds no texts"), ("none.txt", "holds no texts"), ("bytes.csv", "is no text"),
                        ("gone.csv", "does not exist")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            LooseTexts([tmp_path / name])
    with pytest.raises(DataError, match="is empty"):
        LooseTexts([" "])


ODD = (
    "word " * 2000,
    "😀 \U0001f469\u200d\U0001f469 🇩🇪",
    "مرحبا بالعالم",
    "a\0b",
    "half \ud83d",
    "x" * 10_000,
)


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_read_as_a_data_set_reads_them(text: str) -> None:
    found = LooseTexts.held([text])
    (row,) = found.read([0], FORM)
    assert not isinstance(row, str)
    assert row.dtype == np.int32
    assert np.array_equal(row, tokens("words", [found.text(0)], FORM.size)[0])
    assert row.any()
    (look,) = found.look([0], [(PLAIN, FORM), (PLAIN, Pieces(16, "words"))])
    assert isinstance(look, Look)
    assert [one.shape for one in look.pixels] == [(8,), (16,)]
    assert look.small == found.text(0)


def test_empty_texts_are_said_to_be_empty_and_the_others_are_read() -> None:
    found = LooseTexts.held(["one", " \0 ", "three"])
    assert [one if isinstance(one, str) else "" for one in found.read([0, 1, 2], FORM)] == ["", EMPTY, ""]
    assert [one if isinstance(one, str) else "" for one in found.look([2, 1], [(PLAIN, FORM)])] == ["", EMPTY]
    assert found.look([], [(PLAIN, FORM)]) == []


def test_copies_of_a_set_s_texts_are_known_by_their_letters() -> None:
    data = text_set()
    found = LooseTexts.held(data.texts)
    assert [digest(found.body(place)) for place in range(len(found))] == data.contents.tolist()


@pytest.mark.parametrize("name", ["photo.png", "paper.PDF", "noted", "old.zip"])
def test_what_holds_no_texts_is_refused_in_words_of_asking_not_of_training(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"%PDF\x00\x89PNG")
    with pytest.raises(DataError) as refused:
        LooseTexts([tmp_path / name])
    assert name in refused.value.message
    assert "class folders" not in str(refused.value)


def test_long_names_of_classes_are_no_texts_whatever_the_columns_are_called(tmp_path: Path) -> None:
    classes = ["a class whose name is far longer than any of its texts, as they are written here", "another"]
    rows = [f"what {number} says,{classes[number % 2].replace(',', '')}" for number in range(20)]
    table = tmp_path / "odd.csv"
    table.write_text("\n".join(["what they wrote,kind of thing", *rows]), encoding="utf-8")
    assert texts(LooseTexts([table])) == [f"what {number} says" for number in range(20)]
    read = load(DatasetChoice.model_validate({"name": "texts", "path": str(table)}))
    assert (read.texts[0], len(read.class_names)) == ("what 0 says", 2)  # type: ignore[attr-defined]
