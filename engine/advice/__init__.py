"""What to start with: advice from the images, from measured scores, and a rate from a range test."""
