"""A stranger's adapter, read without trusting it."""
