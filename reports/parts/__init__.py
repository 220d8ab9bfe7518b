"""Parts that the pages of several kinds of run show."""
