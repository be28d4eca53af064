"""What an experiment is and how it runs. No Qt, no SQLite. Imports nothing, so that a window opens before torch."""
