"""Studies: one question asked with a grid of runs, its cells, and what they have found. Torch-free."""
