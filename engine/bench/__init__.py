"""A bench of heads: every image embedded once, every head at every label count."""
