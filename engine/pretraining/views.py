"""The changes that make two views of an image, for comparing them.

Characters are bent, shifted and drawn with another pen, but never flipped or turned far, which makes others of them;
photos are cropped, mirrored and coloured (the strengths of SimCLR, and gentler ones as of BYOL and SimSiam). Gentle
views of characters are bent and shifted alone: better within minutes on Omniglot for its like, far worse on digits.
"""

from __future__ import annotations

from engine.preparation.augmentation import Recipe

VIEWS = {
    "characters": Recipe(turn=15.0, shear=0.3, zoom=(0.77, 1.33), shift=0.2, pen=0.5, erase=0.5),
    "characters, gentle": Recipe(turn=15.0, shear=0.3, zoom=(0.77, 1.33), shift=0.1),
    "photos": Recipe(
        zoom=(0.3, 0.87), aspect=0.28, flip=True, colour=0.6, tint=0.3, grey=0.2, turn=0.0, shift=0.0, erase=0.0
    ),
    "photos, gentle": Recipe(zoom=(0.45, 0.87), aspect=0.28, flip=True, colour=0.3, tint=0.15, grey=0.2, solarise=0.1),
    "no change": Recipe(),
}
