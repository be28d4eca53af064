"""Scores that guess how well a start suits a data set, from features or a source head's answers; and how far to trust
their order. Torch-free."""
