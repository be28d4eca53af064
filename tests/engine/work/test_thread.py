"""One at a time at each place, in the order they came; who gives up is in nobody's way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.events import EVERY_GPU
from engine.work.thread import Lines, Place


@pytest.mark.timeout(20)
def test_each_place_serves_its_own_line() -> None:
    lines = Lines()
    here, card, there = Place("", "cpu"), Place("", "cuda:0"), Place("other", "cpu")
    first, second, third = (lines.join(here) for _ in range(3))
    for turn in (first, lines.join(card), lines.join(there)):
        assert turn.wait(), "nobody is before it"
    with ThreadPoolExecutor(2) as threads:
        waiting, gives_up = threads.submit(third.wait), threads.submit(second.wait)
        assert not waiting.done()
        second.give_up()
        assert gives_up.result() is False
        second.leave()
        assert not waiting.done()
        first.leave()
        assert waiting.result() is True
    third.leave()
    assert lines.join(here).wait()


@pytest.mark.timeout(20)
def test_who_wants_every_gpu_waits_for_each_and_they_for_it() -> None:
    lines = Lines()
    first, second, every = (lines.join(Place("", device)) for device in ("cuda:0", "cuda:1", EVERY_GPU))
    later = lines.join(Place("", "cuda:1"))
    assert first.wait()
    assert second.wait()
    for device, host in (("cpu", ""), (EVERY_GPU, "other")):
        assert lines.join(Place(host, device)).wait(), "nobody is before it"
    with ThreadPoolExecutor(2) as threads:
        waits, behind = threads.submit(every.wait), threads.submit(later.wait)
        first.leave()
        assert not waits.done()
        second.leave()
        assert waits.result() is True
        assert not behind.done()
        every.leave()
        assert behind.result() is True
