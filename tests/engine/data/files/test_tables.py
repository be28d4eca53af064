"""Classes that a table or a list says: whatever program wrote it, whatever it calls its columns, wherever it lies."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

import numpy as np
import pytest

from engine.data.labelled_set import Skipped
from engine.data.preview import preview
from engine.data.sources import load, resolve
from engine.data.splits import split_images
from engine.errors import DataError
from engine.experiment import DatasetChoice, Experiment, parse_experiment
from tests.engine.data.conftest import Maker, picture

SIGNS = (",", ";", "\t", "|")
CODES = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
ENDS = ("\n", "\r\n", "\r")
NAMES = ("Käfer", "großer Fuchs, rot", "wren")  # a blank, a comma, letters beyond ASCII


def flat(root: Path, images: int = 12, folder: str = "images") -> Path:
    (root / folder).mkdir(parents=True)
    for number in range(images):
        picture(number).save(root / folder / f"photo {number}.png")
    return root


def table(rows: list[list[str]], sign: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=sign, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def labelled(images: int = 12, ending: str = ".png") -> list[list[str]]:
    return [[f"photo {number}{ending}", NAMES[number % 3]] for number in range(images)]


def read(root: Path, **more: object):  # type: ignore[no-untyped-def]
    return load(DatasetChoice.model_validate({"name": "folder", "path": str(root), **more}))


@pytest.mark.parametrize(("sign", "code"), list(itertools.product(SIGNS, CODES)))
def test_any_sign_code_end_and_quoting_gives_the_same(sign: str, code: str, tmp_path: Path) -> None:
    expected = [number % 3 for number in range(12)]
    for place, (end, quoting, header) in enumerate(
        itertools.product(ENDS, (csv.QUOTE_MINIMAL, csv.QUOTE_ALL), ([["file", "label"]], []))
    ):
        root = flat(tmp_path / str(place))
        body = table([*header, *labelled()], sign, end, quoting).encode(code)
        (root / "labels.csv").write_bytes(body)
        data = read(root)
        assert [NAMES.index(data.class_names[data.labels[place]]) for place in order(data)] == expected
        assert (data.layout, data.skipped) == ("classes from “labels.csv”", ())


def order(data) -> list[int]:  # type: ignore[no-untyped-def]
    """Places of photo 0, 1, 2 …"""
    numbers = [int(data.image_name(place).split(" ")[1].split(".")[0]) for place in range(len(data))]
    return np.argsort(numbers).tolist()


@pytest.mark.parametrize("image", ["file", "Image", "FILENAME", "image path", "id", "whatever"])
@pytest.mark.parametrize("label", ["label", "Class", "category", "species", "dx", "anything"])
@pytest.mark.parametrize("ending", [".png", ""])
def test_columns_go_by_their_names_or_by_what_is_in_them(image: str, label: str, ending: str, tmp_path: Path) -> None:
    root = flat(tmp_path / "set")
    rows = [[str(number), name, f"{number}.5", kind] for number, (name, kind) in enumerate(labelled(ending=ending))]
    (root / "images" / "meta.csv").write_text(table([["row", image, "weight", label], *rows]), "utf-8")
    data = read(root)
    assert set(data.class_names) == set(NAMES)
    assert len(data) == 12


def test_a_column_or_several_files_may_say_the_part(tmp_path: Path) -> None:
    one, two = flat(tmp_path / "one"), flat(tmp_path / "two")
    parts = ["train"] * 6 + ["val"] * 3 + ["test"] * 3
    rows = [[*row, part] for row, part in zip(labelled(), parts, strict=True)]
    (one / "all.csv").write_text(table([["file", "label", "split"], *rows]), "utf-8")
    for name, chosen in (("train", slice(6)), ("val", slice(6, 9)), ("test", slice(9, 12))):
        (two / f"{name}.csv").write_text(table([["file", "label"], *labelled()[chosen]]), "utf-8")
    for root in (one, two):
        data = read(root)
        assert data.given_split is not None
        assert np.bincount(data.given_split).tolist() == [6, 3, 3]
        split = split_images(data, DatasetChoice(name="folder", path=str(root)), seed=0)
        assert [len(part) for part in (split.train, split.validation, split.test)] == [6, 3, 3]


def test_lists_of_a_path_and_a_class(tmp_path: Path) -> None:
    root = flat(tmp_path / "set", folder="all")
    for name, numbers in (("train", range(9)), ("test", range(9, 12))):
        (root / f"{name}.txt").write_text("".join(f"all/photo {n}.png {n % 3}\n" for n in numbers))
    data = read(root)
    assert (data.class_names, len(data)) == (("0", "1", "2"), 12)
    assert data.given_split is not None
    assert np.bincount(data.given_split).tolist() == [9, 0, 3]


def test_lists_of_paths_alone_divide_class_folders_where_it_is_asked(class_folders: Maker) -> None:
    root = class_folders(cat=4, dog=4)
    for name, numbers in (("train", (0, 1, 2)), ("test", (3,))):
        (root / f"{name}.txt").write_text(
            "".join(f"{kind}/{kind}{n}.png\n" for kind in ("cat", "dog") for n in numbers)
        )
    assert read(root).given_split is None
    data = read(root, labels="in a table")
    assert data.class_names == ("cat", "dog")
    assert data.given_split is not None
    assert np.bincount(data.given_split).tolist() == [6, 0, 2]


def test_what_does_not_agree_is_named(tmp_path: Path) -> None:
    root = flat(tmp_path / "set")
    rows = [*labelled()[:9], ["photo 0.png", NAMES[2]], ["lost.png", NAMES[0]]]
    (root / "labels.csv").write_text(table([["file", "label"], *rows]), "utf-8")
    found = {one.path: one.reason for one in read(root).skipped}
    assert found == {
        "lost.png": "in the list, but not there",
        "images/photo 0.png": "in the list with several classes",
        **{f"images/photo {number}.png": "not in the list" for number in (9, 10, 11)},
    }


@pytest.mark.parametrize("parts", [False, True])
def test_a_line_that_says_no_class_is_told_as_such(parts: bool, tmp_path: Path) -> None:
    """Cut short, or with an empty cell; what stands under the table and names no image is passed over."""
    root = flat(tmp_path / "set")
    rows = [[*row, "test" if place > 8 else "train"][: 2 + parts] for place, row in enumerate(labelled())]
    rows[3:5] = [["photo 3.png"], ["photo 4.png", "", *["train"] * parts]]
    head = ["file", "label", "split"][: 2 + parts]
    (root / "labels.csv").write_text(table([head, *rows, ["12 photos in all"]]), "utf-8")
    data = read(root)
    assert {one.path: one.reason for one in data.skipped} == {
        "images/photo 3.png": "its line in the list is cut short",
        "images/photo 4.png": "in the list without a class",
    }
    assert (len(data), data.given_split is not None) == (10, parts)


@pytest.mark.parametrize("more", [[], ["age"]])
def test_a_column_of_marks_for_each_class(more: list[str], tmp_path: Path) -> None:
    """As challenges publish their truth: image, then 1 under the class it is of and 0 under all others."""
    root = flat(tmp_path / "set")
    rows = [[name, *("1.0" if kind == one else "0.0" for one in NAMES), *("47" for _ in more)]
            for name, kind in labelled(ending="")]  # fmt: skip
    (root / "truth.csv").write_text(table([["image", *NAMES, *more], *rows]), "utf-8")
    data = read(root)
    assert [data.class_names[data.labels[place]] for place in order(data)] == [kind for _, kind in labelled()]
    rows[0][1:4], rows[1][1:4] = ["1", "1", "0"], ["0", "0", "0"]
    (root / "truth.csv").write_text(table([["image", *NAMES], *(row[:4] for row in rows)]), "utf-8")
    assert {one.path: one.reason for one in read(root).skipped} == {
        "images/photo 0.png": "in the list with several classes",
        "images/photo 1.png": "in the list without a class",
    }  # fmt: skip


def test_an_image_in_several_parts_is_in_none(tmp_path: Path) -> None:
    root = flat(tmp_path / "set")
    rows = [[*row, part] for part in ("train", "test") for row in labelled()[: 9 if part == "train" else 12]]
    rows += [["photo 9.png", NAMES[1], "train"]]
    (root / "all.csv").write_text(table([["file", "label", "split"], *rows[:1], *rows[9:]]), "utf-8")
    data = read(root)
    assert [one for one in data.skipped if one.path in ("images/photo 0.png", "images/photo 9.png")] == [
        Skipped("images/photo 0.png", "in the list in several parts"),
        Skipped("images/photo 9.png", "in the list with several classes"),
    ]
    assert len(data) == 10


def in_folders(root: Path, *paths: str) -> Path:
    for place, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        picture(place).save(root / path)
    return root


def classes(root: Path, *rows: tuple[str, str]) -> dict[str, str]:
    """Class by the name of each image, as a table of these rows says it."""
    (root / "labels.csv").write_text(table([["file", "label"], *map(list, rows)]), "utf-8")
    data = read(root, labels="in a table")
    return {data.image_name(place): data.class_names[data.labels[place]] for place in range(len(data))}


def test_an_image_that_is_not_there_gives_its_class_to_no_other_of_its_name(tmp_path: Path) -> None:
    root = in_folders(tmp_path / "set", "cats/1.png", "cats/2.png", "dogs/3.png", "dogs/4.png")
    rows = [("cats/1.png", "cat"), ("dogs/1.png", "dog"), ("dogs/2.png", "dog"), ("dogs/4.png", "dog")]
    assert classes(root, *rows) == {"cats/1.png": "cat", "dogs/4.png": "dog"}
    gone = in_folders(tmp_path / "gone", "cats/1.png", "cats/2.png", "birds/1.png")
    rows = [("cats/1.png", "cat"), ("dogs/2.png", "dog"), ("birds/1.png", "bird"), ("cats/2.png", "cat")]
    assert classes(gone, *rows) == {"birds/1.png": "bird", "cats/1.png": "cat", "cats/2.png": "cat"}


@pytest.mark.parametrize("before", ["/home/x/set/", "C:\\photos\\set\\", "../", "elsewhere/"])
def test_paths_of_another_machine_are_followed(before: str, tmp_path: Path) -> None:
    root = in_folders(tmp_path / "set", "a/1.png", "a/2.png", "b/1.png", "b/2.png")
    rows = [(f"{before}{home}/{number}.png", kind) for home, kind in (("a", "cat"), ("b", "dog")) for number in (1, 2)]
    assert classes(root, *rows) == {"a/1.png": "cat", "a/2.png": "cat", "b/1.png": "dog", "b/2.png": "dog"}


def test_capitals_matter_where_they_tell_two_files_apart(tmp_path: Path) -> None:
    root = in_folders(tmp_path / "set", "i/a.png", "i/A.png", "i/b.png")
    if len(list((root / "i").iterdir())) < 3:
        pytest.skip("this disk does not tell capitals from small letters")
    found = classes(root, ("A.png", "cat"), ("a.png", "dog"), ("B.PNG", "dog"))
    assert found == {"i/A.png": "cat", "i/a.png": "dog", "i/b.png": "dog"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file\nphoto 0.png\nphoto 1.png\nphoto 2.png\n", "“labels.csv” has no column of classes."),
        ("file,label\nphoto 0.png,a\nphoto 1.png,a\nphoto 2.png,a\n", "two classes or more"),
        ("file,label\nnone.png,a\nnothing.png,b\n", "“set” has only one class (“images”)."),
        ("", "“set” has only one class (“images”)."),
    ],
)
def test_a_table_that_does_not_serve(text: str, said: str, tmp_path: Path) -> None:
    root = flat(tmp_path / "set")
    (root / "labels.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        read(root)
    assert said.replace("two classes or more", "two classes or more") in str(caught.value)


def test_classes_of_a_table_are_called_as_folders_would_be(tmp_path: Path) -> None:
    """Without what moves a line or a terminal, and in one form of Unicode."""
    root = flat(tmp_path / "set")
    odd = ("a\nnt", "\x1b[31mbee", "cafe\u0301")
    rows = [[image, odd[number % 3]] for number, (image, _) in enumerate(labelled())]
    rows[2][1] = "caf\u00e9"
    (root / "labels.csv").write_text(table([["file", "label"], *rows, ["go\x07ne.png", rows[0][1]]]), "utf-8")
    found = read(root)
    assert all(name.isprintable() for name in found.class_names)
    assert len(found.class_names) == 3
    assert [one.path for one in found.skipped] == ["go␇ne.png"]


def test_the_table_that_is_followed_is_no_other_file_beside_the_images(tmp_path: Path) -> None:
    root = flat(tmp_path / "set")
    (root / "images" / "labels.csv").write_text(table([["file", "label"], *labelled()]), "utf-8")
    assert read(root).layout == "classes from “images/labels.csv”"
    (root / "images" / "readme.md").write_text("taken in June")
    assert read(root).layout == "classes from “images/labels.csv”; 1 other file (.md) beside the images"


def test_a_table_is_read_from_a_zip_and_previewed(tmp_path: Path, zipped: Maker) -> None:
    root = flat(tmp_path / "set")
    (root / "labels.csv").write_text(table([["file", "label"], *labelled()]), "utf-8")
    choice = resolve(zipped(root, "inside"))
    assert (choice.name, load(choice).fingerprint) == ("folder", read(root).fingerprint)
    assert preview(choice).sentence == "12 images, 3 classes"


def test_folders_of_several_levels(tmp_path: Path) -> None:
    """order/family/species, of which any level may name the class, and one above it the group."""
    kinds = {"birds/finches/robin": 3, "birds/finches/siskin": 3, "birds/owls/barn": 3, "cats/big/lion": 3}
    for place, (path, count) in enumerate(kinds.items()):
        (tmp_path / "set" / path).mkdir(parents=True)
        for number in range(count):
            picture(10 * place + number).save(tmp_path / "set" / path / f"{number}.png")
    root = tmp_path / "set"
    assert read(root).class_names == ("birds", "cats")
    assert read(root, class_level=2).class_names == ("big", "finches", "owls")
    deep = read(root, class_level=3, group_level=1)
    assert deep.class_names == ("barn", "lion", "robin", "siskin")
    assert deep.of_regions is not None
    assert set(deep.of_regions.alphabets or ()) == {"birds", "cats"}
    with pytest.raises(DataError, match="Its images lie 3 folders deep: choose another level"):
        read(root, class_level=4)


def test_settings_at_their_defaults_change_no_hash() -> None:
    old = {"dataset": {"name": "folder", "path": "/photos"}}
    assert not {"labels", "class_level", "group_level"} & set(parse_experiment(old).model_dump()["dataset"])
    chosen = Experiment(dataset=DatasetChoice.model_validate({"name": "folder", "path": "/p", "class_level": 2}))
    assert parse_experiment(chosen.model_dump(mode="json")) == chosen
    assert chosen.model_dump()["dataset"]["class_level"] == 2
