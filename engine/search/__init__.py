"""Hyperparameters chosen by cross-validation on the training images, and what the trials say together."""
