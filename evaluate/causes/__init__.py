"""The training rows behind the failures of an evaluation."""
