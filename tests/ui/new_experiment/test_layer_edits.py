"""Changes to the layer table and what they mean, against values worked out by hand."""

from __future__ import annotations

import pytest

from engine.backbones import catalog
from engine.errors import InvalidExperiment
from engine.registry import method, methods
from engine.tuning.method import FineTuneMethod
from ui.new_experiment.layer_doubts import doubts, sentences
from ui.new_experiment.layer_timeline import height
from ui.new_experiment.layer_view import (
    LayerView,
    cells_in,
    differing,
    layer_view,
    split_known,
    toggled,
    with_cell,
    without_cell,
)  # fmt: skip

CONV4 = catalog.backbone("conv4")


def view(name: str, edits: dict | None = None, **values: object) -> LayerView:
    return layer_view(method(name), values, edits or {}, CONV4)


def test_only_what_differs_from_the_methods_own_rows_is_kept() -> None:
    own = view("full_ft").own
    edits = {"conv1": {"rate": 0.0, "anchor": 0.0}, "conv2": {"rate": 1.0}, "stage7": {"rate": 2.0}}
    assert differing(edits, own) == {"conv1": {"rate": 0.0}, "stage7": {"rate": 2.0}}


def test_a_run_shows_which_blocks_learn_by_now() -> None:
    """Gradual unfreezing, 2 epochs a block: the head from the start, convolution 4 from epoch 3, 3 from epoch 5."""
    shown = view("gradual", epochs=10, epochs_per_block=2)
    plan = shown.present(0, over=False)
    assert {block: word for block, (_, word) in plan.items()} == dict.fromkeys(plan, "")
    working = shown.present(3, over=False)  # the third epoch is at work
    assert working["head"] == ("new", "")
    assert working["conv4"] == ("trained", "trained since epoch 3")
    assert working["conv3"] == ("trained later", "trained from epoch 5 on")
    ended = shown.present(4, over=True)  # stopped after four of ten
    assert ended["conv4"] == ("trained", "trained from epoch 3 on")
    assert ended["conv3"] == ("frozen", "never trained: its turn was epoch 5")
    stopped = shown.present(0, over=True)  # in its search, say
    assert set(stopped.values()) == {("frozen", "not trained: it ended before its first epoch")}


def test_a_rate_as_the_field_shows_it_is_no_change() -> None:
    """Factor 2.6 to the power of -4 is 0.0218829…, shown as 0.0218829."""
    own = view("discriminative").own
    assert own["conv1"].rate == pytest.approx(2.6**-4)
    assert differing({"conv1": {"rate": 0.0218829}}, own) == {}
    assert differing({"conv1": {"rate": 0.0219}}, own) == {"conv1": {"rate": 0.0219}}


def test_cells_are_put_in_and_taken_out_without_touching_what_was_given() -> None:
    before = {"conv1": {"rate": 0.0}}
    after = with_cell(before, "conv2", "anchor", 0.5)
    assert after == {"conv1": {"rate": 0.0}, "conv2": {"anchor": 0.5}}
    assert (before, cells_in(after)) == ({"conv1": {"rate": 0.0}}, 2)
    assert without_cell(after, "conv1", "rate") == {"conv2": {"anchor": 0.5}}
    assert split_known(after, ("conv2", "head")) == ({"conv2": {"anchor": 0.5}}, {"conv1": {"rate": 0.0}})


def test_peaks_of_two_stages() -> None:
    """LP-FT: the head at 0.01 for 100 epochs, then everything at 0.0001; conv1 at a tenth of it."""
    shown = view("lp_ft", {"conv1": {"rate": 0.1}})
    assert shown.rate_words("head") == "0.01, then 0.0001"
    assert shown.peaks("conv1") == pytest.approx((1e-5,))
    assert shown.rate_words("conv2") == "0.0001"
    assert view("lp_ft", {"conv1": {"rate": 0.0}}).rate_words("conv1") == "–"
    assert view("auto_rgn").rate_words("conv1") == "up to 0.001"


def test_a_lane_follows_the_schedule_of_its_stage() -> None:
    """Cosine over 40 epochs from 0.001: half of it after 20; a block that joins after 20 begins there at half."""
    lane = view("full_ft", {"conv2": {"from_epoch": 20}}, epochs=40).lane("conv2")
    assert lane[0] == (20, pytest.approx(5e-4))
    assert lane[-1] == (40, pytest.approx(0, abs=1e-12))
    assert view("linear_probe").lane("conv1") == []
    assert view("full_ft", {"conv1": {"from_epoch": 99}}, epochs=40).lane("conv1") == []


def test_heights_of_lanes_are_logarithmic() -> None:
    assert [height(rate, 0.01) for rate in (0.01, 1e-4, 1e-6, 1e-9, 0.0)] == pytest.approx([1, 0.5, 0, 0, 0])


def test_toggling_goes_between_frozen_and_the_methods_rate() -> None:
    plain = view("full_ft")
    assert toggled(plain, {}, "conv1") == {"conv1": {"rate": 0.0}}
    assert toggled(view("full_ft", {"conv1": {"rate": 0.0}}), {"conv1": {"rate": 0.0}}, "conv1") == {}
    assert toggled(view("linear_probe"), {}, "conv3") == {"conv3": {"rate": 1.0}}
    late = {"conv1": {"from_epoch": 500}}
    assert toggled(view("full_ft", late), late, "conv1") == {"conv1": {"from_epoch": 0}}


def test_treatments_follow_the_changed_table() -> None:
    edits = {"conv1": {"rate": 0.0}, "conv2": {"trains": "norms"}, "conv3": {"fresh": True}, "conv4": {"from_epoch": 3}}
    found = view("full_ft", edits).treatments
    assert list(found.values()) == ["frozen", "few parameters", "new", "trained later", "new"]
    kept = layer_view(method("full_ft"), {}, {}, CONV4, kept_head=True)
    assert kept.treatments["head"] == "trained"


@pytest.mark.parametrize(
    ("name", "values", "edits", "said"),
    [
        ("full_ft", {}, {"conv9": {"rate": 0.0}}, "no block called “conv9”"),
        ("full_ft", {}, {"conv1": {"rate": -1.0}}, "Block conv1: “rate” must be"),
        ("full_ft", {}, {"conv1": {"speed": 1.0}}, "“speed” is not a known setting"),
        ("full_ft", {"schedule": "linear"}, {}, "“schedule”"),
        ("surgical", {"block": "conv9"}, {}, "no block “conv9”"),
    ],
)
def test_what_does_not_fit_is_said(name: str, values: dict, edits: dict, said: str) -> None:
    with pytest.raises(InvalidExperiment, match=said):
        layer_view(method(name), values, edits, CONV4)


@pytest.mark.parametrize(
    "name, edits, cells",
    [
        ("full_ft", {}, []),
        ("full_ft", {"conv3": {"from_epoch": 39}}, []),
        ("full_ft", {"conv3": {"from_epoch": 40}}, [("conv3", "from_epoch")]),
        ("full_ft", {"conv3": {"from_epoch": 40, "rate": 0.0}}, []),
        ("full_ft", {"conv2": {"rate": 99.0}}, []),
        ("full_ft", {"conv2": {"rate": 100.0}}, [("conv2", "rate")]),
        (
            "full_ft",
            {name: {"rate": 100.0} for name in ("conv1", "conv2", "conv3")},
            [("conv1", "rate"), ("conv2", "rate"), ("conv3", "rate")],
        ),
        ("full_ft", {"head": {"rate": 100.0}}, [("head", "rate")]),
        ("lp_ft", {}, []),
        ("lp_ft", {"conv3": {"from_epoch": 40}}, [("conv3", "from_epoch")]),
        ("linear_probe", {}, []),
        ("as_is", {}, []),
        ("scratch", {"conv1": {"from_epoch": 79}, "conv2": {"from_epoch": 80}}, [("conv2", "from_epoch")]),
    ],
)
def test_cells_that_can_hardly_be_meant_are_doubted(name: str, edits: dict, cells: list[tuple[str, str]]) -> None:
    """Full fine-tuning has 40 epochs, from scratch 80; LP-FT's head learns at 0.01 for 100, then all at 0.0001."""
    assert sorted(doubts(view(name, edits))) == cells


def test_a_doubt_says_what_would_happen() -> None:
    found = doubts(view("lp_ft", {"conv3": {"from_epoch": 40}, "conv1": {"from_epoch": 500}}))
    assert found["conv3", "from_epoch"] == "Convolution 3 learns at 0.01, 100 times the usual rate of the other blocks."
    assert sentences(view("lp_ft", {"conv3": {"from_epoch": 40}, "conv1": {"from_epoch": 500}})) == [
        found["conv3", "from_epoch"]
    ]
    assert "Convolution 1 begins after 500 epochs and never learns: the training has" in found["conv1", "from_epoch"]


def test_no_method_doubts_its_own_rates_on_any_backbone() -> None:
    for chosen in (one for one in methods() if issubclass(one, FineTuneMethod)):
        for info in catalog.backbones():
            if info.form.kind == "images":
                found = doubts(layer_view(chosen, {}, {}, info))
                assert all(column == "from_epoch" for _, column in found), (chosen.name, info.name)


def test_a_trunk_that_learns_from_pairs_is_shown_before_the_head_and_not_beside_it() -> None:
    shown = layer_view(method("setfit"), {"pair_epochs": 2, "epochs": 3}, {}, CONV4)
    trunk, head = (shown.lane(block) for block in ("conv1", "head"))
    assert (trunk[0][0], trunk[-1][0], head[0][0], head[-1][0]) == (0, 2, 2, 5)
    assert (shown.peaks("conv1"), shown.peaks("head")) == ((2e-5,), (1e-2,))
