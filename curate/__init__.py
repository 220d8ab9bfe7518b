"""Select a small, good, diverse subset of instruction data and say why each row was kept or dropped."""
