"""A judge's scores: what it is asked, who answers, and what may be concluded for rows that it never saw."""
