"""Texts on their way to a network: held or streamed the same numbers, and padding changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.backbones.backbone import Backbone
from engine.preparation import inputs
from engine.preparation.held import Held
from engine.preparation.inputs import Pieces, images
from engine.preparation.streamed import Streamed
from tests.texts import DIM, build, text_set

FORM, CPU = Pieces(16, "words"), torch.device("cpu")


@pytest.fixture
def network() -> Backbone:
    torch.manual_seed(0)
    return Backbone(build(), DIM, None).eval()


def test_held_and_streamed_are_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    data, ids = text_set(), np.arange(96)[::-1].copy()
    held = images(data, ids, FORM, CPU)
    monkeypatch.setattr(inputs, "fits", lambda octets: False)
    streamed = images(data, ids, FORM, CPU)
    assert isinstance(held, Held)
    assert isinstance(streamed, Streamed)
    whole = torch.from_numpy(data.read(ids, FORM))
    for chosen in (slice(0, 7), torch.tensor([5, 1, 90]), slice(0, 96)):
        assert torch.equal(held[chosen], whole[chosen])
        assert torch.equal(streamed[chosen], whole[chosen])


def test_a_batch_is_as_long_as_its_longest_text_and_never_empty() -> None:
    rows = torch.tensor([[4, 5, 0, 0], [6, 0, 0, 0]], dtype=torch.int32)
    assert FORM(rows).tolist() == [[4, 5], [6, 0]]
    assert FORM(rows).dtype == torch.int64
    assert FORM(rows[:0]).shape == (0, 1)
    assert FORM(torch.zeros(2, 4, dtype=torch.int32)).shape == (2, 1)


def test_padding_order_and_company_change_nothing(network: Backbone) -> None:
    data = text_set()
    rows = torch.from_numpy(data.read(np.arange(96), Pieces(64, "words")))
    together = network.embed(Pieces(64, "words")(rows)).detach()
    order = torch.randperm(96)
    by_length = torch.argsort((rows != 0).sum(1))
    for places in (order, by_length):
        found = torch.cat([network.embed(FORM(rows[part])).detach() for part in places.split(7)])
        assert (found - together[places]).abs().max() < 1e-6
    padded = network.embed(rows.long()).detach()  # to 64 places
    assert (padded - together).abs().max() < 1e-6
