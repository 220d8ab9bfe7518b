"""Charts as SVG, drawn by hand; each has a title, a description and a table twin."""
