"""The page of a compare run, by its parts."""
