"""Many tasks at once: how their gradients are added, and the networks that hold a weight set for each."""
