"""The parts of the Compare page: the table of saved runs, and the figures that put chosen ones side by side."""
