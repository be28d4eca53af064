"""The window as a whole: start, menus, closing, what it remembers, its status bar and its word to the desktop."""
