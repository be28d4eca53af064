"""Tasks as a meta-learner meets them: of images, of sinusoids, and how they are shown."""
