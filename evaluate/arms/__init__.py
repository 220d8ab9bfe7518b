"""Who answers: the base, its adapters, whole models, servers and files, and what is known of each."""
