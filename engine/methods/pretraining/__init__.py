"""Objectives of pretraining without labels, a file each."""
