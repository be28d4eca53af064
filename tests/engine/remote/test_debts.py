"""What machines must still be told to forget is kept until they were told, whatever becomes of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("distributed")

from engine.remote.certificates import made_key
from engine.remote.cluster import WAITING, ClusterAway, FoundJournal
from engine.remote.debts import Debts
from engine.remote.desk import FOLDER, ClusterDesk
from engine.remote.line import KEY, WHERE
from engine.remote.on_dask import DaskCluster
from engine.remote.order import Order

BUSY = "tls://busy:1"


def desk(root: Path) -> DaskCluster:
    """Of a program that was just begun, with the workspace's cluster, which does not answer."""
    (root / FOLDER).mkdir(exist_ok=True)
    made_key().write(root / FOLDER / KEY)
    (root / FOLDER / WHERE).write_text('{"address": "tls://nowhere:1"}')
    return ClusterDesk(root).connect()


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise ClusterAway("It does not answer.", "")

    monkeypatch.setattr(DaskCluster, "connect", lambda *_: None)
    for name in ("cancel", "forget"):
        monkeypatch.setattr(DaskCluster, name, silent)


@pytest.mark.usefixtures("away")
def test_a_run_that_was_discarded_while_nobody_answered_is_taken_back_by_the_next_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk(tmp_path)
    for uid in ("own", "wanted"):
        with pytest.raises(ClusterAway):
            first.take_back(f"{uid}-2", uid, 2, "tls://busy:1")
    first.close()
    second, told = desk(tmp_path), list[tuple[object, ...]]()
    monkeypatch.setattr(second._orders, "of", lambda key: None)
    second.submit(Order("wanted", 2, "", {}))
    monkeypatch.setattr(second, "cancel", lambda key: told.append((key,)))
    monkeypatch.setattr(second, "forget", lambda *asked: told.append(asked))
    monkeypatch.setattr(second._line, "of_line", lambda _: [])
    second._pay()
    second._pay()
    second.close()
    assert told == [("own-2",), ("own", 2)]
    assert desk(tmp_path)._owed.orders() == [], "a third has nothing to do"


@pytest.mark.usefixtures("away")
def test_who_works_an_order_is_told_however_often_that_is_tried_and_whoever_knew_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a desk that did not know who, as of an attempt after one that came to its end after all: a machine
    that is too busy to answer with the others would work it for nobody, and keep what it leaves."""
    made, told = desk(tmp_path), list[str]()
    states = {"own-2": BUSY}
    answers = {"states_of": lambda keys: {key: states.get(key, "") for key in keys}, "addresses": lambda: [BUSY]}

    def of_one(at: str, *_: object) -> None:
        told.append(at)
        if len(told) == 1:
            raise ClusterAway("It is busy.", "")

    monkeypatch.setattr(made._line, "of_line", lambda asked, *given: answers[asked.__name__](*given))
    monkeypatch.setattr(made._line, "of_one", of_one)
    monkeypatch.setattr(made, "cancel", states.pop)
    monkeypatch.setattr(made, "forget", lambda *_: None)
    with pytest.raises(ClusterAway):
        made.take_back("own-2", "own", 2, "")
    monkeypatch.setattr(made, "cancel", lambda key: None)
    made._pay()
    made.close()
    assert told == [BUSY, BUSY]


def test_orders_that_nobody_knew_when_their_run_was_discarded_are_owed_once_they_are_found(tmp_path: Path) -> None:
    """And one that is owed, by whatever program, is none for who follows its run again."""
    made, other = DaskCluster("tls://127.0.0.1:1", made_key(), "desk", tmp_path), Debts(tmp_path)
    other.add("own-0", ("own", 0, ""))
    lying = {BUSY: {"own": [("1-a", False)], "free": [("1-b", True)]}}
    orders = {"own": [(WAITING, "2-")]}
    line = {"orders_of": lambda uids: orders, "states_of": lambda keys: dict.fromkeys(keys, WAITING)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made._line, "of_all", lambda *_: lying)
        patch.setattr(made._line, "of_line", lambda asked, *given: line[asked.__name__](*given))
        assert made.find("free") == [FoundJournal(BUSY, "1-b", True)]
        found = made.find("own")
    assert found[-1] == FoundJournal("", "2-", False), "the next is the third"
    assert (Debts(tmp_path).orders(), made.state("own-2")) == (["own-2"], "")
    assert other.postponed("own-0") is None
    made.close()


def test_what_is_no_debt_is_left_out_and_a_folder_that_cannot_be_made_keeps_nobody(tmp_path: Path) -> None:
    (tmp_path / "owed").mkdir()
    for name, text in (("a-1", "[]"), ("b-1", "{"), ("c-1", '["c", "x", ""]'), ("d-1", '["d", 1, ""]')):
        (tmp_path / "owed" / f"{name}.json").write_text(text)
    assert Debts(tmp_path / "owed").orders() == ["d-1"]
    (tmp_path / "file").write_text("")
    debts = Debts(tmp_path / "file" / "owed")
    debts.add("e-1", ("e", 1, ""))
    assert debts.postponed("e-1") == ("e", 1, "")
    debts.drop("e-1")
    assert debts.orders() == []


def test_what_another_program_has_paid_or_wants_again_is_owed_no_more(tmp_path: Path) -> None:
    """Else one that reaches the cluster hours later would end the run that is at work there by then."""
    first = Debts(tmp_path)
    for key in ("paid-1", "open-1"):
        first.add(key, (key, 1, ""))
    second = Debts(tmp_path)
    first.drop("paid-1")
    assert [second.postponed(key) for key in second.orders()] == [("open-1", 1, ""), None]
    assert second.orders() == ["open-1"]


@pytest.mark.usefixtures("away")
def test_who_follows_a_run_and_the_program_have_one_connection_also_after_the_line_was_ended(tmp_path: Path) -> None:
    """The one that follows would connect by itself again, with nobody to close it."""
    desk(tmp_path)
    program = ClusterDesk(tmp_path)
    followed = program.connect()
    program.let_go()
    assert program.connect() is followed
    assert not followed._ended.is_set(), "it looks for the next line"
    program.close()
    assert followed._ended.is_set()
