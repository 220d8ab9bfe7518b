"""The base: named, converted, loaded, told from others, and made to answer and to score."""
