"""Classes made by hand: bins of a few images, and a network that tells them apart at once."""
