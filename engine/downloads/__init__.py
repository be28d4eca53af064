"""What is fetched from elsewhere, only when a person asks: one file, one thing of several, many in a line."""
