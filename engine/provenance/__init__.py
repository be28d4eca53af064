"""What a figure must say of its data and weights: copies, what was left out, what the weights have met before."""
