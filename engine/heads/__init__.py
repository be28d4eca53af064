"""Heads on frozen features: each learns from a few labelled vectors and scores others. Torch-free at module level."""
