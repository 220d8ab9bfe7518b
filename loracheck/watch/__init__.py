"""A small probe set that is asked while an adapter is trained or scaled, and what its answers say."""
