"""Every fixed sentence of the pages, in English and Japanese side by side."""
