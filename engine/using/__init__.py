"""Saved runs at work on images that a person hands in."""
