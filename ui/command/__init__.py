"""The words of the command line: its flags read into experiments, and experiments written as a line of it."""
