"""Which rows are held out, which are kept, and which an evaluation speaks against."""
