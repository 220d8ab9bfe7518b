"""Instruction data from anywhere to examples: files in any container, rows in any shape, the hub."""
