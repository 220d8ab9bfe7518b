"""What is asked of every arm, in which order, and what that takes."""
