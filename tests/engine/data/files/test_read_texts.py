"""Files of texts as people have them: whatever signs, names of columns, quotes, codes; and what is wrong with them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from engine.data.dataset import DataSet
from engine.data.files.tree import list_files
from engine.data.sources import dataset, load, resolve
from engine.data.text_set import TextSet
from engine.errors import DataError
from engine.experiment import DatasetChoice

ROWS = [
    ("When does my card arrive?", "card"),
    ('He said "now",\nor never', "fees"),
    ("Why was I charged; twice?", "fees"),
    ("مرحبا 👋🏽 where is it", "card"),
]


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def table(sign: str, names: tuple[str, ...] | None, rows: list[tuple[str, ...]] = ROWS) -> str:  # type: ignore[assignment]
    lines = [sign.join(names)] if names else []
    return "\n".join([*lines, *(sign.join(quoted(cell) for cell in row) for row in rows)]) + "\n"


def read(path: Path, **settings: str) -> TextSet:
    """By the way of a drop: recognised, then loaded."""
    choice = resolve(path)
    assert choice.name == "texts"
    found = load(DatasetChoice.model_validate({**choice.model_dump(), **settings}))
    assert isinstance(found, TextSet)
    return found


def pairs(data: TextSet) -> list[tuple[str, str]]:
    return [(text, data.class_names[label]) for text, label in zip(data.texts, data.labels, strict=True)]


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("names", [("text", "label"), ("Utterance", "Intent"), ("Kundenfrage", "Art")])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_a_table_is_read_whatever_cuts_and_names_its_columns(
    tmp_path: Path, sign: str, names: tuple[str, str], code: str
) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(table(sign, names).replace("\n", "\r\n").encode(code))
    data = read(file)
    assert pairs(data) == ROWS
    assert data.class_names == ("card", "fees")
    assert not data.skipped
    assert names[0] in data.layout
    assert names[1] in data.layout
    assert ("UTF-16" in data.layout) == (code == "utf-16")


@pytest.mark.parametrize("lines", [2, 3, 7, 40])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_texts_and_classes_of_many_lines_are_cells(tmp_path: Path, sign: str, lines: int) -> None:
    rows = [("\n".join(f"line {line} of {row}" for line in range(lines)), ("praise\nof it", "fees")[row % 2])
            for row in range(8)]  # fmt: skip
    file = tmp_path / "tall.csv"
    file.write_text(table(sign, ("text", "label"), rows), encoding="utf-8")
    data = read(file)
    assert list(data.texts) == [text for text, _ in rows]
    assert sorted(data.class_names) == ["fees", "praise of it"]


def test_a_whole_sentence_may_name_a_column_that_stands_beside_numbers(tmp_path: Path) -> None:
    names = ("No.", "What the customer wrote, in words of one's own", "Art, as the clerk saw it", "Points")
    file = tmp_path / "long names.csv"
    rows = [(str(number), *row, f"{number},5") for number, row in enumerate(ROWS)]
    file.write_text(table(";", names, rows), encoding="utf-8")
    assert pairs(read(file)) == ROWS


def test_columns_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    rows = [(str(1000 + n), name, f"2024-01-0{n + 1}", text) for n, (text, name) in enumerate(ROWS)]
    file.write_text(table(",", ("id", "class", "date", "message"), rows))
    assert pairs(read(file)) == ROWS


@pytest.mark.parametrize("turned", [False, True])
def test_without_names_the_column_that_repeats_is_the_class(tmp_path: Path, turned: bool) -> None:
    file = tmp_path / "labelled.txt"
    rows = [(f"a {word} sentence, and more", label) for word in ("good", "bad", "fine") for label in "01"]
    file.write_text("".join("\t".join(row[::-1] if turned else row) + "\n" for row in rows))
    assert pairs(read(file)) == rows


def test_a_quote_that_quotes_nothing_swallows_no_line_of_a_tsv(tmp_path: Path) -> None:
    file = tmp_path / "sms.tsv"
    file.write_text('ham\t"hello there\nspam\tbuy now\nham\tsee you" later\nspam\twin a prize\n')
    assert len(read(file)) == 4


def test_the_person_says_which_columns_they_are(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    rows = [(f"short {n}", f"a much longer description of {n}", "ab"[n % 2], "xy"[n // 2 % 2]) for n in range(8)]
    file.write_text(table(",", ("title", "description", "class", "topic"), rows))
    assert read(file).texts[0] == rows[0][1]
    data = read(file, text_column="title", label_column="4")
    assert data.texts[0] == "short 0"
    assert data.class_names == ("x", "y")
    with pytest.raises(DataError, match="no column “label”"):
        read(file, label_column="label")


@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_json_says_its_columns_itself(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.{ending}"
    objects = [{"id": n, "sentence": text, "intent": name} for n, (text, name) in enumerate(ROWS)]
    lines = "\n".join(json.dumps(one) for one in objects)
    file.write_text(json.dumps(objects) if ending == "json" else lines + "\n{broken\n")
    data = read(file)
    assert pairs(data) == ROWS
    assert [one.reason for one in data.skipped] == (["no JSON"] if ending == "jsonl" else [])


def test_folders_of_text_files_are_classes_and_parts(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for name in ("neg", "pos"):
            (tmp_path / part / name).mkdir(parents=True)
            for number in (1, 2, 10):
                (tmp_path / part / name / f"{number}.txt").write_text(f"{part} {name}, {number}\n")
    (tmp_path / "test" / "pos" / "3.txt").write_text("  \n")
    data = read(tmp_path)
    assert data.class_names == ("neg", "pos")
    assert len(data) == 12
    assert data.given_split is not None
    assert data.given_split.tolist() == [2] * 6 + [0] * 6
    assert data.image_name(2) == "test/neg/10.txt"
    assert [(one.path, one.reason) for one in data.skipped] == [("test/pos/3.txt", "no text")]


def test_train_and_test_files_are_a_split_and_what_is_out_of_scope_is_kept_apart(tmp_path: Path) -> None:
    named = ("text", "label", "group")
    rows = [(text, name, "bank") if name == "card" else (text, name, "money") for text, name in ROWS]
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as made:
        for part in ("train", "val", "test"):
            made.writestr(f"{part}.csv", table(",", named, rows))
        made.writestr("out_of_scope.csv", table(",", named, [("what is love", "oos", "out_of_scope")] * 2))
        made.writestr("LICENSE", "Some words,\nand more,\n")
        made.writestr("original/other.json", '{"a": [["x", "y"]]}')
    data = read(tmp_path / "set.zip")
    assert data.given_split is not None
    assert data.given_split.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert data.outside == ("what is love",) * 2
    assert data.class_names == ("card", "fees")
    assert data.alphabets == ("bank", "money")
    assert "2 texts of no class" in data.layout
    assert data.image_name(4) == "val.csv, row 2"


def test_a_column_of_parts_is_a_split(tmp_path: Path) -> None:
    rows = [(text, name, part) for part in ("train", "test") for text, name in ROWS]
    (tmp_path / "a.csv").write_text(table(",", ("text", "label", "split"), rows))
    assert (given := read(tmp_path / "a.csv").given_split) is not None
    assert given.tolist() == [0] * 4 + [2] * 4


def test_one_of_several_files_can_be_read_alone(tmp_path: Path) -> None:
    for name in ("films", "meals"):
        (tmp_path / f"{name}.txt").write_text("".join(f"{name} number {n}\t{n % 2}\n" for n in range(6)))
    assert len(read(tmp_path)) == 12
    assert {text.split()[0] for text in read(tmp_path, only_file="films.txt").texts} == {"films"}


def test_what_is_left_out_is_named_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text,label\nfine,a\n,a\ngood,\nbad\nx,y,a\n"also, fine",b\nwell,b\n')
    data = read(tmp_path / "a.csv")
    assert list(data.texts) == ["fine", "also, fine", "well"]
    rows = {one.path.rpartition(" ")[2]: one.reason.partition(",")[0] for one in data.skipped}
    assert rows == {
        "3": "no text", "4": "no class", "5": "fewer cells than columns", "6": "more cells than columns",
    }  # fmt: skip


def test_zero_bytes_are_taken_out_and_latin_1_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("text,label\ncafé\0 noir,a\nthé,b\n".encode("latin-1") * 1)
    data = read(tmp_path / "a.csv")
    assert list(data.texts) == ["café noir", "thé"]
    assert "Windows-1252" in data.layout
    assert "1 zero byte stood" in data.doubts[0]


def test_texts_without_classes_are_read_for_pretraining(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("First, a line\nSecond line\nThird\n")
    data = read(tmp_path / "corpus.txt", labels="nowhere")
    assert list(data.texts) == ["First, a line", "Second line", "Third"]
    assert not data.labelled


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"text,label\na,x\nb,x\nc,x\n", "All 3 texts of “a.csv” are of one class, “x”"),
        (b"text\nhello you\nhow are you\n", "has one column"),
        (b"text,label\n" + b"a,b\nb,c\n" * 9 + b'"on and on,c\n,\n,\n,\n', "is never closed"),
        (b"text,label\na,1\nb,2\nc,3\nd,4\ne,5\n", "5 classes for 5 texts"),
        (b"", "is empty"),
        (b"text,label\na,1\nb,2\n" * 2 + b"word " * 2**18 + b",1\n", "near line 7 has more than 1,048,576 letters"),
        (b"\x01\x02\x03\x04" * 500, "is no text"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_said_in_one_sentence(tmp_path: Path, body: bytes, words: str) -> None:
    (tmp_path / "a.csv").write_bytes(body)
    with pytest.raises(DataError, match=words):
        read(tmp_path / "a.csv")


def test_the_same_texts_have_the_same_fingerprint_wherever_they_lie(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(",", ("text", "label")))
    (tmp_path / "b.tsv").write_text(table("\t", ("satz", "art")))
    one, other = read(tmp_path / "a.csv"), read(tmp_path / "b.tsv")
    assert one.fingerprint == other.fingerprint
    (tmp_path / "a.csv").write_text(table(",", ("text", "label"), [*ROWS[:3], ("another", "card")]))
    assert read(tmp_path / "a.csv").fingerprint != one.fingerprint


def test_clinc150_comes_with_the_program() -> None:
    source: DataSet = dataset("clinc150")
    data = load(DatasetChoice(name="clinc150"))
    assert isinstance(data, TextSet)
    assert source.kind == "texts"
    assert len(data) == source.info.images == 22_500
    assert len(data.class_names) == source.info.classes == 150
    assert data.alphabets is not None
    assert len(set(data.alphabets)) == 10
    assert len(data.outside) == 1_200
    assert data.given_split is not None
    assert [(data.given_split == part).sum() for part in range(3)] == [
        15_000,
        3_000,
        4_500,
    ]
    assert (data.counts == 150).all()


def test_images_are_never_taken_for_texts(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / name / "1.png")
    (tmp_path / "labels.csv").write_text("text,label\nhello,a\nyou,b\nagain,a\n")
    assert resolve(tmp_path).name == "folder"


def test_a_list_of_one_file_reads_that_file(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("text,label\n")
    (tmp_path / "mine.csv").write_text(table(",", ("text", "label")))
    listing = list_files(tmp_path / "mine.csv")
    assert listing.alone
    assert [one.path for one in listing.files] == ["mine.csv"]


@pytest.mark.parametrize("odd", ["", "unknown"])
def test_a_text_of_no_part_is_left_out_and_the_parts_hold(tmp_path: Path, odd: str) -> None:
    """Else it would be learnt from though it may be meant to test."""
    said = ["train", "test", "train", "test", odd]
    rows = [(f"text {place} of it", "ab"[place // 5 % 2], said[place % 5]) for place in range(20)]
    (tmp_path / "parts.csv").write_text(table(",", ("text", "label", "split"), rows))  # type: ignore[arg-type]
    data = read(tmp_path / "parts.csv")
    assert data.given_split is not None
    assert data.given_split.tolist() == [0, 1 + 1] * 8
    assert [text for text, _ in pairs(data)] == [row[0] for row in rows if row[2] != odd]
    assert {one.reason for one in data.skipped} == {"neither to learn from nor to test"}
    assert [one.path for one in data.skipped] == [f"parts.csv, row {number}" for number in (6, 11, 16, 21)]
    assert data.image_name(4) == "parts.csv, row 7"


def test_classes_that_differ_behind_what_is_shown_are_not_one(tmp_path: Path) -> None:
    rows = [(f"text {place}", "x" * 90 + "abc"[place % 3]) for place in range(12)]
    (tmp_path / "long.csv").write_text(table(",", ("text", "label"), rows))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="the same but for what follows 80 letters"):
        read(tmp_path / "long.csv")


def test_texts_are_not_their_own_classes(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(table(",", ("text", "label")))
    with pytest.raises(DataError, match="its texts and its classes in one column"):
        read(tmp_path / "one.csv", text_column="text", label_column="1")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([{"text": {"en": "hello"}, "label": "a"}] * 4, "In “a.json” “text” hold lists or objects"),
        ({"data": [{"text": "hello", "label": "a"}]}, "is one JSON object over many lines|“data” hold lists"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_nested_json_is_said_to_be_nested(tmp_path: Path, value: object, words: str, indent: int | None) -> None:
    (tmp_path / "a.json").write_text(json.dumps(value, indent=indent))
    with pytest.raises(DataError, match=words):
        read(tmp_path / "a.json")


def test_a_single_nested_value_is_left_out_for_what_it_is(tmp_path: Path) -> None:
    rows = [{"text": f"hello {n}", "label": "ab"[n % 2]} for n in range(8)]
    rows[3]["text"] = ["hello", "you"]  # type: ignore[assignment]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (left,) = read(tmp_path / "a.jsonl").skipped
    assert left.path.endswith("row 4")
    assert left.reason == "a list or an object where one value should be"


def test_tables_that_are_passed_over_are_named_with_why(tmp_path: Path) -> None:
    """Of a division the others, else those with other columns; of other kinds and depths those that would do."""
    body = "text,label\n" + "".join(f"text {n} of some kind,{'ab'[n % 2]}\n" for n in range(8))
    for name in ("train", "test", "extra", "deep/more"):
        (tmp_path / f"{name}.csv").parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.csv").write_text(body)
    (tmp_path / "deep" / "none.csv").write_text("id\n1\n2\n")
    (tmp_path / "words.json").write_text(json.dumps({"a": 1}))
    (doubt,) = read(tmp_path).doubts
    assert doubt.startswith("2 tables were passed over: “extra.csv” (no part of the division")
    assert "“deep/more.csv” (another kind of file, or deeper in folders)" in doubt
    assert len(read(tmp_path)) == 16


def test_a_label_over_several_lines_is_one_line(tmp_path: Path) -> None:
    rows = [f'text {n},"refund\r\nor money back"\nword {n},card' for n in range(6)]
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    assert read(tmp_path / "a.csv").class_names == ("card", "refund or money back")
