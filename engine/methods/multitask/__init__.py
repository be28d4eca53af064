"""Ways to weigh several tasks that one trunk learns."""
