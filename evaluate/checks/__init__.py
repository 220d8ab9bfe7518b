"""The checks, one module each, and the readings of answers that several of them share."""
