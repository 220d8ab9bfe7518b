"""What several checks read off the answers, the rows and the adapter alike."""
