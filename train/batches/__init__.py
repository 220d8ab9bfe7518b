"""Rows to token ids and labels, their loss mask audited, in the exact order of the steps."""
