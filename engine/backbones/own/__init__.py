"""Weights that a person brings: a file is read without running anything of it, matched to a network, checked, kept."""
