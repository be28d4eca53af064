"""The parts that are reused inside pages."""
