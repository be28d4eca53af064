"""What a run leaves in its folder, and what is read of it later: weights, places to go on from, notes on its data."""
