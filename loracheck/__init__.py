"""Decide whether a LoRA fine-tune may go to production: curate, train, evaluate, report."""

__version__ = "0.1.0"
