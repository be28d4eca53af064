"""Questions of many runs go out as one, and orders that the line does not know yet are not taken for lost."""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.remote.cluster import WAITING, ClusterAway
from engine.remote.together import Together
from engine.remote.unseen import Unseen
from tests.engine.work.small_runs import until

RUNS = 200


def test_however_many_ask_two_questions_go_out_and_each_has_its_own_answer() -> None:
    asked: list[int] = []
    first_is_out, may_answer = threading.Event(), threading.Event()

    def answers(keys: Collection[str]) -> dict[str, str]:
        asked.append(len(keys))
        first_is_out.set()
        assert may_answer.wait(60)
        return {key: f"of {key}" for key in keys}

    together = Together(answers)
    with ThreadPoolExecutor(RUNS) as pool:
        found = {"0": pool.submit(together.of, "0")}
        assert first_is_out.wait(60)
        found |= {str(number): pool.submit(together.of, str(number)) for number in range(1, RUNS)}
        until(lambda: len(together._next.keys) == RUNS - 1)
        may_answer.set()
        assert {key: one.result() for key, one in found.items()} == {key: f"of {key}" for key in found}
    assert asked == [1, RUNS - 1]


def test_who_asks_with_others_hears_as_well_that_nobody_answers_and_the_next_time_asks_anew() -> None:
    answers = iter([ClusterAway("It does not answer.", ""), {"a": "here"}])

    def ask(keys: Collection[str]) -> dict[str, str]:
        said = next(answers)
        if isinstance(said, ClusterAway):
            raise said
        return said

    together = Together(ask)
    with ThreadPoolExecutor(2) as pool:
        with together._on_its_way:  # as while a question before it is not answered
            asking = [pool.submit(together.of, key) for key in "ab"]
            until(lambda: len(together._next.keys) == 2)
        for one in asking:
            with pytest.raises(ClusterAway):
                one.result()
    assert together.of("a") == "here"


class GivenFuture:
    def __init__(self) -> None:
        self.is_done = self.is_released = False

    def done(self) -> bool:
        return self.is_done

    def release(self) -> None:
        self.is_released = True


@pytest.mark.parametrize(
    ("said", "is_done", "patience", "state", "is_released"),
    [
        ("", False, 60.0, WAITING, False),
        ("tls://a:1", False, 60.0, "tls://a:1", True),
        (WAITING, False, 60.0, WAITING, True),
        ("", True, 60.0, "", True),
        ("", False, -1.0, "", True),
    ],
)
def test_an_order_on_its_way_waits_and_is_held_until_it_is_known_worked_or_too_late(
    said: str, is_done: bool, patience: float, state: str, is_released: bool
) -> None:
    unseen, future = Unseen(patience), GivenFuture()
    unseen.add("own-1", future)
    future.is_done = is_done
    assert unseen.state("own-1", lambda _: said) == state
    unseen.settle({"own-1": said, "other-1": ""})
    assert (future.is_released, unseen.keys() == []) == (is_released, is_released)
    assert unseen.state("other-1", lambda _: "") == ""


def test_an_order_that_arrives_behind_the_question_is_not_taken_for_lost() -> None:
    """Another thread hears that the line knows it before the answer to the question is looked at."""
    unseen, future = Unseen(60.0), GivenFuture()
    unseen.add("own-1", future)

    def asked(key: str) -> str:
        unseen.settle({key: WAITING})
        return ""

    assert unseen.state("own-1", asked) == WAITING
    assert future.is_released
