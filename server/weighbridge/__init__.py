"""Weighbridge: exact token counts of prompts, references resolved, in any editor."""

__version__ = "0.1.0"
