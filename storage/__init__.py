"""What is remembered: SQLite through sqlite-utils. No Qt, no torch."""
