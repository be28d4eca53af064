"""The terminal front end: the same chain as the window, without Qt."""
