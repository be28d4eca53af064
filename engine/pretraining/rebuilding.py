"""What was here before? A picture is rebuilt from the features of a spoilt one."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.machine.transfers import sent
from engine.preparation.inputs import Preparer
from engine.pretraining.losses import LEAST, hidden_error, patches, standardised_patches
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import OwnAnswers, Pretext, Told, decoder


class Rebuilding(Pretext):
    """A decoder from features to an image in 0..1, at most 64 px on a side. heads: what its pictures are. where: the
    error is measured, and what has to be beaten, in words."""

    heads: ClassVar[tuple[str, ...]] = ("noisy", "cleaned", "true")
    where: ClassVar[str] = ""
    beaten: str = "the mean image"

    def __init__(self, features: int, pool: Pool) -> None:
        super().__init__()
        self.decoder, self.side = decoder(features, pool)
        self.background = pool.background

    def told(self, model: Backbone, shape: Preparer, pixels: Tensor, draws: torch.Generator) -> Told:
        spoilt, hidden = self.spoilt(pixels, draws)
        rebuilt = self.decoder(self.embedded(model, shape(spoilt)))
        return {"loss": self.error(rebuilt, self.truth(pixels), hidden)}

    def shown(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, ...]:
        return (self.spoilt(pixels, draws)[0],)

    def answered(
        self, model: Backbone, shape: Preparer, pixels: Tensor, usual: Tensor, draws: torch.Generator
    ) -> OwnAnswers:
        spoilt, hidden = self.spoilt(pixels, draws)
        truth = self.truth(pixels)
        rebuilt = self.drawn(self.decoder(self.embedded(model, shape(spoilt))), truth)
        simplest = self.simplest(truth, self.truth(255 * usual[None]).expand_as(truth))
        own, less = (float(self.apart(one, truth, hidden)) for one in (rebuilt, simplest))
        columns = tuple((255 * one).round().clamp(0, 255).to(torch.uint8) for one in (
            self.truth(spoilt), self.completed(rebuilt, truth, hidden), truth))  # fmt: skip
        said = f"Squared error{self.where} {own:.4f}; {self.beaten} would have {less:.4f}."
        return OwnAnswers(self.heads, columns, None, said)

    def drawn(self, rebuilt: Tensor, truth: Tensor) -> Tensor:
        """What the decoder gives as an image in 0..1."""
        return rebuilt.sigmoid()

    def simplest(self, truth: Tensor, mean: Tensor) -> Tensor:
        """What could be said without looking, of the mean image [n, c, s, s]."""
        return mean

    def apart(self, image: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
        """Mean squared error where it is asked for."""
        return F.mse_loss(image, truth)

    def completed(self, rebuilt: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
        """With what was never hidden."""
        return rebuilt

    def truth(self, pixels: Tensor) -> Tensor:
        """uint8 [n, c, s, s] -> float [n, c, side, side] in 0..1."""
        images = pixels.float() / 255
        return images if images.shape[-1] == self.side else F.interpolate(images, self.side, mode="area")

    def spoilt(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        """(images uint8, what is hidden in them, bool [n, 1, side, side])."""
        raise TypeError(f"{type(self).__name__} spoils nothing")

    def error(self, rebuilt: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
        """Of what was rebuilt, as the decoder gives it."""
        raise TypeError(f"{type(self).__name__} is content with anything")


class Denoising(Rebuilding):
    """noise: deviation as a share of the range. erased: share of pixels that become background."""

    def __init__(self, features: int, pool: Pool, noise: float, erased: float) -> None:
        super().__init__(features, pool)
        self._noise, self._erased = noise, erased

    def spoilt(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        count, _, side, _ = pixels.shape
        noise = sent(torch.randn(pixels.shape, generator=draws) * (255 * self._noise), pixels.device)
        gone = sent(torch.rand((count, 1, side, side), generator=draws) < self._erased, pixels.device)
        noisy = (pixels + noise).clamp_(0, 255).round_().to(torch.uint8)
        return noisy.masked_fill(gone, self.background), gone

    def error(self, rebuilt: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
        """Binary cross-entropy of each pixel with its brightness."""
        return F.binary_cross_entropy_with_logits(rebuilt, truth)


def hidden_patches(count: int, across: int, share: float, draws: torch.Generator) -> Tensor:
    """bool [count, across, across]: of each image's patches the same number is hidden, rounded up."""
    places = across * across
    order = torch.rand((count, places), generator=draws).argsort(1).argsort(1)
    return (order < round_up(share * places)).view(count, across, across)


def round_up(value: float) -> int:
    return -int(-(value - 1e-9) // 1)


class Masked(Rebuilding):
    """share: of the patches that are hidden. across: patches on a side. standardised: each true patch less its mean and
    by its deviation."""

    heads = ("hidden", "rebuilt", "true")
    where = " of hidden pixels"

    def __init__(self, features: int, pool: Pool, share: float, standardised: bool) -> None:
        super().__init__(features, pool)
        self._across = next(across for across in (8, 7, 4) if self.side % across == 0)
        self._share, self._standardised = share, standardised
        self.beaten = "each patch's mean, which is given," if standardised else self.beaten

    def spoilt(self, pixels: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
        mask = hidden_patches(len(pixels), self._across, self._share, draws)[:, None]
        mask = sent(mask, pixels.device)
        gone = F.interpolate(mask.float(), pixels.shape[-1]).bool()
        return pixels.masked_fill(gone, self.background), F.interpolate(mask.float(), self.side).bool()

    def error(self, rebuilt: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
        """Mean squared error on hidden pixels alone."""
        if not self._standardised:
            return hidden_error(rebuilt.sigmoid(), truth, hidden)
        patch = self.side // self._across
        apart = (patches(rebuilt, patch) - standardised_patches(truth, patch)).square().mean(2)
        gone = patches(hidden.float(), patch)[:, :, 0]
        return (apart * gone).sum() / gone.sum().clamp_min(1)

    def drawn(self, rebuilt: Tensor, truth: Tensor) -> Tensor:
        """Standardised patches with the mean and deviation of the true ones, which are not asked for."""
        if not self._standardised:
            return super().drawn(rebuilt, truth)
        side = self.side // self._across
        cut = patches(truth, side)
        scaled = patches(rebuilt, side) * cut.var(2, keepdim=True).add(LEAST).sqrt() + cut.mean(2, keepdim=True)
        return F.fold(scaled.transpose(1, 2), self.side, side, stride=side)

    def simplest(self, truth: Tensor, mean: Tensor) -> Tensor:
        return self.drawn(torch.zeros_like(truth), truth) if self._standardised else mean

    def apart(self, image: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
        return hidden_error(image, truth, hidden)

    def completed(self, rebuilt: Tensor, truth: Tensor, hidden: Tensor) -> Tensor:
        return torch.where(hidden, rebuilt, truth)
