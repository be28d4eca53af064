"""Weights mixed for a purpose: between a run and its start (WiSE-FT), and of several runs of one start (soups).

Points in the space of weights, their sums and their batch norm come from `engine.landscape`.
"""
