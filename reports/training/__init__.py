"""The pages of train, scale and sweep runs, by their parts."""
