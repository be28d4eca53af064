"""What is fetched from elsewhere, in one place of the window."""
