"""The parts of the New experiment page."""
