"""Pretraining without labels: a question that images answer themselves, one loop that puts it, and what tells whether
anything is learnt."""
