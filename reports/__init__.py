"""Render a finished run as one HTML file.

pipeline finds the page of a run, html and lean make it safe and small, figures writes its numbers, folder is the index
over many runs.

evaluation, training, comparison, curation   the pages, by their sections
parts       what several pages show: verdicts, tables, the list, provenance
charts      SVG, each with its table
strings     every fixed sentence, in English and Japanese
formats     verdicts for other tools
templates   the frame, its style and its script
"""
