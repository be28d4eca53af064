"""Learning from episodes: tasks, the inner loop, meta-training and meta-test."""
