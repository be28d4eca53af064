"""What a card says of the data that a run learnt from."""

from __future__ import annotations

from engine.data.sources import load
from engine.experiment import DatasetChoice, Experiment
from engine.export.work import data_words

DIGITS = Experiment(dataset=DatasetChoice(name="digits"))


def test_images_that_are_others_by_now_are_not_told_as_those_it_learnt_from() -> None:
    now = load(DIGITS.dataset).fingerprint
    same = [{"plain": True, "protocol": {"data": now}}]
    further = {"plain": False, "protocol": {"data": "of another folder"}}  # a figure on further images
    assert data_words(DIGITS, []) == data_words(DIGITS, [further, *same])
    assert data_words(DIGITS, same)["fingerprint"] == now
    found = data_words(DIGITS, [further, {"plain": True, "protocol": {"data": "as it was"}}])
    assert found["fingerprint"] == "as it was"
    assert found["images"].endswith("which are not those that it learnt from")
