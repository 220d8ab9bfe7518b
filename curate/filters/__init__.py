"""What is asked of one row by itself: its text, its safety, personal data, questions of the evaluation."""
