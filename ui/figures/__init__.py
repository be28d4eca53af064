"""Figures that are drawn here: curves, bars, matrices, their axes, readouts and export."""
