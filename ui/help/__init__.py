"""Pages of help that draw what they explain."""
