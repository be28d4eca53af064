"""What is known before Start: what is wrong with an experiment, and what it will cost."""
