"""Policies that learn from rewards: meta-learned or pooled over goals, and adapted to a new goal by a few tries."""
