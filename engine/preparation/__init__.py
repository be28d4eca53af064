"""From images in memory to what a network reads: decoded, changed at random, normalised batch by batch. Torch."""
