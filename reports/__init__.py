"""Render a finished run as one HTML file."""
