"""Saved runs at work on texts that a person hands in: they answer as at their test, know how sure they are, what is
nearest, and which words an answer hangs on."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.artifacts.saved import SavedModel
from engine.data.files.loose_texts import LooseTexts
from engine.data.files.read_as import PLAIN
from engine.errors import DataError
from engine.heads.catalog import HEADS
from engine.preparation.inputs import Pieces
from engine.texts.own import LYING
from engine.texts.tokens import lengths, tokens
from engine.texts.words import number
from engine.using import calibration
from engine.using.answering import Answering
from engine.using.assured import assured
from engine.using.bins import Bins
from engine.using.by_hand import of_run
from engine.using.kept_classes import keep_classes, kept_classes
from engine.using.least_sure import features_of
from engine.using.nearest import gallery
from engine.using.own_images import own_images
from engine.using.predictions import form_of, predictions, stacked, unstacked
from engine.using.table import answer_table
from engine.using.tasks import bins_of
from engine.using.trial import answers
from engine.using.which_words import MOST, heat_of_words, read_words
from tests.engine.using.conftest import ended
from tests.engine.using.texts import run, table
from tests.texts import text_set

NETWORKS = ("text_transformer", "text_bilstm")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("texts") / "topics.csv")


@pytest.fixture(scope="module", params=NETWORKS)
def tuned(texts: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    return run(tmp_path_factory.mktemp("tuned") / "abc", texts, request.param)


def test_answers_are_those_of_the_run_and_say_how_sure_they_are(tuned: Path, texts: Path) -> None:
    model = SavedModel.open(tuned)
    sure = ended(assured(model, tuned))
    form = form_of(model)
    assert isinstance(form, Pieces)
    with LooseTexts([texts]) as handed:
        said = list(predictions(sure, form, handed))
        (batch,) = (one for one in answers([sure], handed, 64))
    assert [one.text for one in said] == list(text_set().texts)
    assert batch.small == tuple(text_set().texts[64:])
    plain = model.predict(text_set()).argmax(1).tolist()
    assert [one.best(1)[0][0] for one in said] == plain
    assert batch.likeliest[0].places[:, 0].tolist() == plain[64:]
    assert "calibrated on" in sure.words
    assert "validation texts" in sure.words
    again = calibration.read(tuned)
    assert again is not None
    assert again.what == "texts"
    known = ended(own_images(model, tuned)).split.train
    assert all(said[place].unlike is not None and said[place].unlike < 1e-3 for place in known)


def test_what_is_like_nothing_it_learnt_is_farther_than_what_is(tuned: Path) -> None:
    sure = ended(assured(SavedModel.open(tuned), tuned))
    own = LooseTexts.held([text_set().texts[0], "zzz qqq kkk xxx vvv www"])
    near, far = predictions(sure, sure.form, own)
    assert near.unlike is not None
    assert far.unlike is not None
    assert far.unlike > near.unlike


def test_odd_texts_are_answered_or_said_to_be_empty(tuned: Path) -> None:
    sure = ended(assured(SavedModel.open(tuned), tuned))
    odd = LooseTexts.held(
        ["", "rain " * 2000, "😀", "مرحبا بالعالم", "a\0b", "café".encode("latin-1").decode("latin-1")]
    )
    said = list(predictions(sure, sure.form, odd))
    assert said[0].reason == "no text"
    for one in said[1:]:
        assert one.probabilities is not None
        assert one.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_neighbours_change_nothing(tuned: Path) -> None:
    """A text is padded as far as the longest beside it needs."""
    model = SavedModel.open(tuned)
    rows = torch.from_numpy(tokens("words", [text_set().texts[0], "the " * 16], 16))
    alone, beside = model.seen(rows[:1])[1], model.seen(rows)[1][:1]
    np.testing.assert_allclose(alone, beside, atol=1e-5)
    assert np.array_equal(stacked(unstacked(rows)), rows)


def test_the_nearest_training_text_is_itself(tuned: Path) -> None:
    model = SavedModel.open(tuned)
    found, material = ended(gallery(model, tuned)), ended(own_images(model, tuned))
    assert found.words == f"of {len(material.train)} training texts"
    features, _ = model.seen(material.train.inputs[:])
    for place, near in zip(material.split.train, found.nearest(features.numpy(), 1), strict=True):
        assert near[0].class_name in material.data.class_names
        assert near[0].name == material.data.image_name(near[0].id)
        assert place in material.split.train
        assert near[0].likeness == pytest.approx(1, abs=2e-3)
    again = ended(gallery(model, tuned))
    assert again.words == found.words


class Counts:
    """Says of a class how often its word occurs: log odds that are known by hand."""

    form = Pieces(8, "words")

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        known = torch.tensor([number("rain"), number("snow")])
        return (inputs[:, :, None] == known).sum(1).float()


def test_the_words_that_speak_for_a_class_are_marked_as_much_as_they_do() -> None:
    text = "The rain, rain of snow."
    found = heat_of_words(Counts(), text, 0)  # type: ignore[arg-type]
    assert [text[start:end] for start, end in found.spans] == ["The", "rain", ",", "rain", "of", "snow", "."]
    assert found.heat.tolist() == [0, 1, 0, 1, 0, 0, 0]
    against = heat_of_words(Counts(), text, 1)  # type: ignore[arg-type]
    assert against.heat.tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert not heat_of_words(Counts(), "nothing of it", 0).heat.any()  # type: ignore[arg-type]


def test_words_are_marked_by_every_network(tuned: Path) -> None:
    sure = ended(assured(SavedModel.open(tuned), tuned))
    found = heat_of_words(sure, text_set().texts[0], 0)
    assert len(found.spans) == len(text_set().texts[0].split())
    assert found.heat.max() in (0, 1)


def test_only_what_is_read_is_left_out_and_long_texts_in_parts() -> None:
    form = Pieces(8, "words")
    text = "one two, three. four five six seven eight"
    words = read_words(text, form)
    assert text[: words[-1][1]] == "one two, three. four five six"
    assert lengths("words", [text[: words[-1][1]]])[0] == form.size
    assert read_words("", form) == []
    assert read_words("日本語 text", form) == [(0, 1), (1, 2), (2, 3), (4, 8)]

    class Even:
        form = Pieces(512, "words")

        def logits(self, inputs: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(inputs), 3)

    found = heat_of_words(Even(), "word " * 600, 0)  # type: ignore[arg-type]
    assert len(found.spans) == MOST
    assert not found.heat.any()
    assert "8 words at a time" in found.how
    assert found.seen == 5 * 512 - 1


def test_the_least_sure_are_read(tuned: Path) -> None:
    sure = ended(assured(SavedModel.open(tuned), tuned))
    handed = LooseTexts.held(["rain and snow", "", "a song"])
    read, features = features_of(sure, [(handed, place) for place in range(3)])
    assert read.tolist() == [0, 2]
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    "network, method",
    [("text_transformer", "protonet"), ("text_transformer", "anil"), ("text_bilstm", "full_ft"),
     pytest.param("text_transformer", "maml", marks=pytest.mark.slow),
     pytest.param("text_bilstm", "maml", marks=pytest.mark.slow)],
)  # fmt: skip
def test_classes_are_made_by_hand_of_a_few_texts(network: str, method: str, texts: Path, tmp_path: Path) -> None:
    folder = run(tmp_path / "runs" / "r1", texts, network, method)
    few = table(tmp_path / "few.csv", each=3)
    by = of_run(SavedModel.open(folder), HEADS[0], "a run")
    bins = bins_of(few, by.form, by.read_as)
    assert {one.text for one in bins.images} == set(text_set(each=3).texts)
    bins = Bins(bins.bins[: by.way or 3])
    met = by.meet(bins)
    asked = LooseTexts.held(["rain and snow", "", "a song on the piano"])
    said = list(predictions(met, by.form, asked))
    assert said[1].reason == "no text"
    expected = by.answers(bins, bins.images[:2])[-1]
    np.testing.assert_allclose(expected.sum(1), 1, rtol=1e-5)
    keep_classes(tmp_path / "kept", Answering(run="r1"), by, bins, "kept")
    found = kept_classes(tmp_path / "kept")
    assert [one.text for one in found.bins.images] == [one.text for one in bins.images]
    again = found.open(tmp_path / "runs")
    same = again.answers(found.bins, found.bins.images[:2])[-1]
    np.testing.assert_allclose(same, expected, atol=1e-6)


def test_texts_without_classes_are_no_classes(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("one\ntwo\n")
    with pytest.raises(DataError):
        bins_of(tmp_path / "plain.txt", Pieces(16, "words"), SavedModel.read_as)


def test_of_a_divided_set_what_is_to_be_tested_on_is_no_example(tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text("text,label,split\na b,x,train\nc d,y,train\ne f,x,test\ng h,z,test\n")
    found = bins_of(few, Pieces(8, "words"), PLAIN)
    assert found.names == ("x", "y")
    assert [one.text for one in found.images] == ["a b", "c d"]


def test_a_spreadsheet_computes_nothing_of_a_table_of_answers(tmp_path: Path) -> None:
    file, given = tmp_path / "said.csv", ["=1+1", "@SUM(A1)", "plain = text", "- no", "-3.5", "\t=1", ""]
    with answer_table(file, 1, of_runs=True, what="texts") as row:
        for text in given:
            row("=a.csv, row 2", [("+b", 1.0)], "-c", None, run="=d", text=text)
    with file.open(encoding="utf-8-sig", newline="") as written:
        rows = list(csv.DictReader(written))
    said = ["'=1+1", "'@SUM(A1)", "plain = text", "'- no", "-3.5", "'\t=1", ""]
    assert [one["text"] for one in rows] == said
    rest = {(one["run"], one["from"], one["class 1"], one["probability 1"], one["reason"]) for one in rows}
    assert rest == {("'=d", "'=a.csv, row 2", "'+b", "1.000000", "'-c")}


def test_word_pieces_that_are_replaced_are_not_remembered(tmp_path: Path) -> None:
    """Of a folder that was exported anew to the same place."""
    tokenizers, file = pytest.importorskip("tokenizers"), tmp_path / "tokenizer.json"
    for piece, stamp in ((1, 1_000), (2, 2_000)):
        made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"rain": piece, "?": 3}, unk_token="?"))
        file.write_text(made.to_str())
        os.utime(file, (stamp, stamp))
        assert tokens(f"{LYING}{file}", ["rain"], 2).tolist() == [[piece, 0]]
