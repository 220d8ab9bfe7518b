"""The style of training data: markers that are found in it, and a classifier where none dominates."""
