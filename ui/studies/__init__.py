"""What the Studies page is made of; `reading.py` and `words.py` serve the terminal too and know no Qt."""
