"""Runs held against one another: arm against arm over seeds, and one adapter on two days."""
