"""Which change was made to an image? Exact quarter turns, or tiles in another order."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.machine.transfers import sent
from engine.preparation.inputs import Preparer
from engine.pretraining.pretext import OwnAnswers, Pretext, Told

TURNS = 4


class Naming(Pretext):
    """A classifier of changes on the features. head: zero at first, so that it begins with ln(changes)."""

    def __init__(self, features: int, changes: int) -> None:
        super().__init__()
        self.head = nn.Linear(features, changes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def told(self, model: Backbone, shape: Preparer, pixels: Tensor, draws: torch.Generator) -> Told:
        changed, which = self.changed(pixels, draws)
        logits = self.head(self.embedded(model, shape(changed)))
        right = (logits.detach().argmax(1) == which).float().mean()
        return {"loss": F.cross_entropy(logits, which), "accuracy": right}

    def shown(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, ...]:
        return (self.once(pixels, draws)[0],)

    def changed(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        """(images uint8 [m, c, s, s], which change each had, int64 [m])."""
        raise TypeError(f"{type(self).__name__} changes nothing")

    def undone(self, changed: Tensor, which: Tensor) -> Tensor:
        """The images as they were if `which`, int64 [n], are their changes."""
        raise TypeError(f"{type(self).__name__} undoes nothing")

    def answered(
        self, model: Backbone, shape: Preparer, pixels: Tensor, usual: Tensor, draws: torch.Generator
    ) -> OwnAnswers:
        changed, which = self.once(pixels, draws)
        guess = self.head(self.embedded(model, shape(changed))).argmax(1)
        right = guess == which
        said = f"{int(right.sum())} of {len(right)} right; one in {self.head.out_features:,} by chance."
        return OwnAnswers(("asked", "as guessed", "true"), (changed, self.undone(changed, guess), pixels), right, said)

    def once(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        """Each image with one change at random."""
        return self.changed(pixels, draws)


def turned(pixels: Tensor, which: Tensor) -> Tensor:
    """Images [n, c, s, s], each turned counter-clockwise by so many quarters, int64 [n]; no pixel is interpolated."""
    out = pixels.clone()
    for turn in range(1, TURNS):
        mine = which == turn
        out[mine] = pixels[mine].rot90(turn, (2, 3))
    return out


class Turns(Naming):
    """Rotation. every: all four turns of each image in a step, else one at random."""

    def __init__(self, features: int, every: bool) -> None:
        super().__init__(features, TURNS)
        self._every = every

    def undone(self, changed: Tensor, which: Tensor) -> Tensor:
        return turned(changed, (TURNS - which) % TURNS)

    def once(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        """One turn of each, whichever it learns from."""
        which = sent(torch.randint(TURNS, (len(pixels),), generator=draws), pixels.device)
        return turned(pixels, which), which

    def changed(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        if self._every:
            pixels = pixels.repeat(TURNS, 1, 1, 1)
            which = torch.arange(TURNS).repeat_interleave(len(pixels) // TURNS)
        else:
            return self.once(pixels, draws)
        which = sent(which, pixels.device)
        return turned(pixels, which), which


@cache
def orders(side: int, most: int) -> Tensor:
    """int64 [orders, side * side]: orders of the tiles, all of 2 x 2 (24), else `most` that differ in as many places as
    can be, each chosen farthest from those before it."""
    tiles = side * side
    if side == 2:
        return torch.tensor(list(permutations(range(tiles))))
    rng = np.random.default_rng(0)
    drawn = np.argsort(rng.random((2000, tiles)), axis=1)
    chosen, nearest = [0], (drawn != drawn[0]).sum(1)
    while len(chosen) < most:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, (drawn != drawn[chosen[-1]]).sum(1))
    return torch.from_numpy(drawn[chosen].astype(np.int64))


def shuffled(pixels: Tensor, order: Tensor) -> Tensor:
    """Images [n, c, s, s] whose place number i holds tile order[i]; order: int64 [n, side * side]. What the tiles do
    not cover at the right and below stays."""
    side = round(order.shape[1] ** 0.5)
    tile = pixels.shape[-1] // side
    whole = pixels[..., : side * tile, : side * tile]
    tiles = whole.unfold(2, tile, tile).unfold(3, tile, tile).flatten(2, 3)
    moved = tiles.gather(2, order[:, None, :, None, None].expand_as(tiles)).unflatten(2, (side, side))
    out = pixels.clone()
    out[..., : side * tile, : side * tile] = moved.permute(0, 1, 2, 4, 3, 5).reshape(whole.shape)
    return out


class Puzzle(Naming):
    """Jigsaw, the shuffled image passing the network whole. gap: pixels by which each tile is moved at random, so that
    its edges do not give its place away."""

    def __init__(self, features: int, side: int, most: int, gap: int, background: int) -> None:
        known = orders(side, most)
        super().__init__(features, len(known))
        self._orders, self._gap, self._background = known, gap, background

    def changed(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        which = torch.randint(len(self._orders), (len(pixels),), generator=draws)
        puzzles = shuffled(pixels, sent(self._orders[which], pixels.device))
        return self._cropped(puzzles, draws), sent(which, pixels.device)

    def undone(self, changed: Tensor, which: Tensor) -> Tensor:
        order = sent(self._orders, changed.device)[which]
        return shuffled(changed, order.argsort(1))

    def _cropped(self, puzzles: Tensor, draws: torch.Generator) -> Tensor:
        """Each tile without a random part of its border, which becomes background, as does what no tile covers."""
        side = round(self._orders.shape[1] ** 0.5)
        tile = puzzles.shape[-1] // side
        if not self._gap:
            rest = puzzles.shape[-1] - side * tile
            return F.pad(puzzles[..., : side * tile, : side * tile], (0, rest, 0, rest), value=self._background)
        out = torch.full_like(puzzles, self._background)
        for row in range(side):
            for column in range(side):
                down, right = torch.randint(self._gap + 1, (2,), generator=draws).tolist()
                top, left = row * tile + down, column * tile + right
                end = tile - self._gap
                out[..., top : top + end, left : left + end] = puzzles[..., top : top + end, left : left + end]
        return out
