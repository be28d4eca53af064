"""The loss between saved runs and around one, as a line or as a plane."""
