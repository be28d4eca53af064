"""Long lists to choose from, of weights and of data sets, in a dialog."""
