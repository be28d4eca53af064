"""Jigsaw: in which order are the tiles of the image?

What is unusual: the shuffled image passes the network whole, so that any network serves; centred objects give the order
away by where the ink lies, and then much is solved and little learnt.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Literal

from engine.method import hyper
from engine.pretraining.method import NAME, PretrainHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class JigsawHyperparameters(PretrainHyperparameters):
    batch_size: int = hyper(128, "Batch size", "Images per step.", low=2, high=4096)
    tiles: Literal["2 x 2", "3 x 3"] = hyper("2 x 2", "Tiles", "2 x 2 have 24 orders; of 3 x 3 some are chosen.")
    orders: int = hyper(
        64, "Orders", "How many orders of the tiles there are to tell apart.", low=2, high=1000,
        only_with=("tiles", "3 x 3"),
    )  # fmt: skip
    gap: int = hyper(
        2, "Gap", "By how much tiles are cut at random, so that their edges do not fit.", unit="px", low=0, high=64,
        off=0,
    )  # fmt: skip


class Jigsaw(PretrainMethod):
    name = "jigsaw"
    order = 470
    title = "Jigsaw"
    group = NAME
    idea = "Say in which order the tiles of an image were laid."
    paper = "Noroozi & Favaro 2016, Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles, arXiv 1603.09246"  # noqa: E501
    differs = "The shuffled image passes the network whole, not tile by tile."
    Hyperparameters = JigsawHyperparameters
    changes = "tiles"
    presets = {"Usual values": {}, "Nine tiles": {"tiles": "3 x 3"}}

    @property
    def passes(self) -> tuple[int, int]:
        return 1, 0

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.naming import Puzzle

        own, side = self.hyperparameters, self._side
        gap = min(own.gap, pool.size // side - 1)
        return Puzzle(model.features, side, own.orders, gap, pool.background)

    @property
    def _side(self) -> int:
        return 2 if self.hyperparameters.tiles == "2 x 2" else 3

    def collapsed(self, pool: Pool) -> float:
        return log(24 if self._side == 2 else self.hyperparameters.orders)
