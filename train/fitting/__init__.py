"""The fine-tuning itself: the loss, the steps, the checkpoints, and what is read at each."""
