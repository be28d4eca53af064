"""From texts to the numbers of word pieces that a network reads. Torch-free."""
