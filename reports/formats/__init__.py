"""Verdicts in the formats of other tools."""
