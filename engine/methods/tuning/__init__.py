"""The fine-tuning methods, a file each."""
