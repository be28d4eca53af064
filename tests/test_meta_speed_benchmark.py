"""The meta-learning speed benchmark compares like with like: the same network and images, whole figures."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

import numpy as np
import pytest
import torch

from benchmarks import learn2learn_way, meta_speed_arms
from benchmarks.meta_speed import judged, words
from benchmarks.meta_speed_arms import PLAIN, PlainEpisodes, Row, forget_peak, images, own, peak, plain_network
from engine.artifacts.weights import build_backbone
from engine.experiment import BackboneChoice

TINY = [
    Row("maml", 2, 1, 1, steps=1, tasks=2),
    Row("anil", 2, 1, 1, steps=2, tasks=2),
    Row("protonet", 3, 1, 1, tasks=4, batch=2),
    Row("evaluation", 3, 1, 1, tasks=5),
]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(meta_speed_arms, "CLASSES", 6)
    monkeypatch.setattr(meta_speed_arms, "PER_CLASS", 3)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("row", TINY, ids=lambda row: row.kind)
def test_both_arms_take_steps(row: Row) -> None:
    plain, (step, chosen) = PLAIN[row.kind](row), own(row)
    plain()
    step()
    assert (chosen == "cached") is (row.kind == "evaluation")


@pytest.mark.parametrize("kind", ["maml", "anil"])  # prototypes normalise support and query together there
def test_a_loop_as_learn2learn_writes_it_learns_what_the_plain_one_learns(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[torch.nn.Module] = []

    def kept(way: int | None) -> torch.nn.Module:
        made.append(plain_network(way).double())
        return made[-1]

    for module in (meta_speed_arms, learn2learn_way):
        monkeypatch.setattr(module, "plain_network", kept)
        monkeypatch.setattr(module, "PlainEpisodes", Double)
    row = Row(kind, 2, 1, 2, steps=2, tasks=3, batch=4)
    PLAIN[kind](row)()
    learn2learn_way.LOOPS[kind](row)()
    one, other = made
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        assert (p.grad is None) == (q.grad is None)
        assert p.grad is None or torch.allclose(p.grad, q.grad, rtol=1e-9, atol=1e-12)


class Double(PlainEpisodes):
    def __init__(self, row: Row) -> None:
        super().__init__(row)
        self.pixels = self.pixels.double()


@pytest.mark.parametrize("way", [5, None])
def test_the_networks_have_the_same_shapes_and_compute_the_same(way: int | None) -> None:
    plain, ours = plain_network(way), build_backbone(BackboneChoice(), way, 0)
    assert [p.shape for p in plain.parameters()] == [p.shape for p in ours.parameters()]
    with torch.no_grad():
        for one, other in zip(plain.parameters(), ours.parameters(), strict=True):
            one.copy_(other)
        given = images()[:4].float() / 255
        assert torch.allclose(plain.train()(given).flatten(1), ours.train()(given).flatten(1), atol=1e-4)


def test_memory_is_counted() -> None:
    before = forget_peak()
    block = np.frombuffer(mmap(-1, 50_000_000), np.uint8)  # from the system: what tests have freed may be kept
    block[:] = 1
    assert peak() - before > 0.8 * block.nbytes


def test_the_ratio_is_to_the_fastest_other_loop() -> None:
    found = {
        "plain 1": [(3.0, 3.0, 100_000_000, ""), (4.0, 4.0, 90_000_000, "")],
        "plain 2": [(2.0, 4.0, 100_000_000, ""), (3.0, 5.0, 80_000_000, "")],
        "warmstart": [(1.0, 2.0, 150_000_000, "On 2 threads."), (2.0, 2.0, 120_000_000, "On 2 threads.")],
    }
    row = judged("maml-1", found)
    assert row["fastest other loop"] == "plain 2"
    assert row["ratio"] == pytest.approx(2.5 / 1.5)
    assert (row["lowest ratio"], row["highest ratio"]) == (1.5, 2.0)
    assert row["memory ratio"] == 1.5
    assert words(row).startswith("maml-1: 1.67 times (1.50-2.00) plain 2; plain 1 3.500 s")
