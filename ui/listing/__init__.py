"""What the list of runs and the table of runs have in common: finding, tags, the archive, notes, saved views."""
