"""Data sets as NumPy arrays, their splits and their episodes. No torch: previews are drawn before torch is loaded."""
