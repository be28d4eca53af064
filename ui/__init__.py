"""What a person sees: the desktop window and the terminal. No torch, no SQL."""
