"""BOIL: body only update in the inner loop. The trunk adapts, the head stays (Oh et al. 2021, arXiv 2008.08882).

The opposite of ANIL: features have to change for a new task because the classifier in front of them does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.methods.meta.maml import MAML

if TYPE_CHECKING:
    from torch import nn


class BOIL(MAML):
    name = "boil"
    order = 330
    title = "BOIL"
    idea = "Adapt the trunk and keep the head, so that features have to change for each task."
    paper = "Oh, Yoo, Kim & Yun 2021, BOIL: Towards Representation Change for Few-shot Learning, arXiv 2008.08882"
    presets = {"Minutes on a laptop": {}}
    becomes = "adapted", "trained"

    def adapts(self, model: nn.Module) -> Callable[[str], bool]:
        all_of_them = super().adapts(model)
        return lambda name: all_of_them(name) and not name.startswith("head.")
