"""A saved run exported from the window: where to, what is missing, how it went."""
