"""The page of a curate run, by its parts."""
