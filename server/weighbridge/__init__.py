"""Weighbridge: exact token counts of prompts, references resolved, in any editor."""

from weighbridge import lean_dataclasses

__version__ = "0.1.0"

# Before any module that declares some.
lean_dataclasses.begin()
