"""What differs between saved experiments, and which is really better. NumPy only: no torch, storage or window."""
