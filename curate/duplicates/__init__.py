"""Rows that say what others say: exact and near copies, siblings of a template, the same meaning, one statement."""
