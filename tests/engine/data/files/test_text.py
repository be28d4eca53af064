"""Lines of a large text, a piece at a time."""

from __future__ import annotations

import csv
import io

import pytest

from engine.data.files import text
from engine.data.files.text import lines_of, plain_lines

TEXTS = (
    "", "\n", "one", "one\n", "\n\none", "one\r\ntwo\r\n\r\nthree", "one\rtwo\rthree\r", "a\0b\nc\0\0\r\n",
    'say,kind\n"two\nlines, and more",x\r\nplain,y\n', "ünï\u2028códe\r\n🙂\n\x85\x0c\n", "\r\n" * 20, "\r\r\n\n\r",
)  # fmt: skip


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 10**6])
@pytest.mark.parametrize("said", TEXTS)
def test_pieces_change_nothing(said: str, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PIECE", piece)
    whole = said.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    assert plain_lines(said) == whole
    assert list(lines_of(whole)) == list(io.StringIO(whole))
    assert list(csv.reader(lines_of(whole))) == list(csv.reader(io.StringIO(whole)))


def test_no_piece_is_much_larger_than_it_should_be() -> None:
    said = "a line of forty letters and of no more..\n" * 50_000
    pieces = list(text._pieces(said))
    assert "".join(pieces) == said
    assert max(map(len, pieces)) <= text.PIECE + 100
