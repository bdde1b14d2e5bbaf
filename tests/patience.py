"""How long tests wait for what comes at once on an idle machine."""

from typing import Final

HANGS_AFTER: Final = 600
"""Seconds: whatever takes longer hangs, on the busiest machine too. Nothing is judged by it."""
