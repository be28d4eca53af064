"""What a run will cost can be read whole where its column is as narrow as it can be."""

import pytest
from pytestqt.qtbot import QtBot

from engine.families import Cost
from ui.new_experiment.costs import CostCard
from ui.pages.new_experiment import LEAST_WIDTHS
from ui.widgets.frame import SlimScrollBar

LEAST = LEAST_WIDTHS[3] - 16 - 8 - SlimScrollBar.WIDTH  # pixels: the column without its edges and its bar


@pytest.mark.parametrize(
    "least, most, meta",
    [(0.001, 0.14, False), (59.0, 200.0, False), (3599.0, 86399.0, False), (0.0, 86399.0, False), (0.0, 86399.0, True)],
)  # meta-learning has no phases
def test_no_figure_is_cut(qtbot: QtBot, least: float, most: float, meta: bool) -> None:
    card = CostCard()
    qtbot.addWidget(card)
    card.resize(LEAST, 300)
    card.show()
    cost = Cost(23_512_130, 25_557_032, 123_456, most, 864_000.0, 23 * 2**30, least_seconds_per_epoch=least)
    card.show_cost(cost, 10, 2**35, meta)
    card.layout().activate()
    for title, value in card.values.items():
        assert value.fontMetrics().horizontalAdvance(value.text()) <= value.width(), (title, value.text())


def test_what_is_said_of_a_figure_stays_when_it_is_painted(qtbot: QtBot) -> None:
    card = CostCard()
    qtbot.addWidget(card)
    card.show_cost(Cost(1, 2, 3, 0.14, 5.0, 6, least_seconds_per_epoch=0.001), 1, 2**30, False)
    card.grab()
    assert "costs least" in card.titles["Time per epoch"].toolTip()
    assert "free now" in card.titles["Memory"].toolTip()
