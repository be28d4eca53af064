"""The meta-learning methods, a file each."""
