"""Fine-tuning: from a layer table to the trained network and its test figures."""
