"""What meta-learners are built from: inner loops, heads, embeddings compared, particles. Torch."""
