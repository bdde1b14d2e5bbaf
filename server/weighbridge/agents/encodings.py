"""The encodings of the newest models that agents are used with: of their contexts, and of files that are written for them."""

from typing import Final

CLAUDE_ENCODING: Final = "claude-4.8"
GEMINI_ENCODING: Final = "gemma4"
OPENAI_ENCODING: Final = "o200k_base"
