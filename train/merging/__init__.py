"""An adapter merged into its base, and how far the shipped form is from the trained one."""
