"""What belongs to the window as a whole: its status bar, news to the desktop, keeping awake, changing the workspace."""
