"""The page of an eval run, by its parts."""
