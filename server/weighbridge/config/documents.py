"""Which files are prompts, and which are context files that agents load by themselves: by their names, in one list.

Context files are found whatever ignore files say, and where they are links: an agent loads them all the same.
"""

from typing import Final

from weighbridge.agents.encodings import CLAUDE_ENCODING, GEMINI_ENCODING, OPENAI_ENCODING
from weighbridge.config.globs import matches

#: Globs of prompts.
PROMPTS: Final = (
    "**/*prompt*.md",
    "**/*prompt*.txt",
    "**/*.prompt",
    "**/prompts/**/*.md",
    "**/prompts/**/*.txt",
)

#: Globs of context files.
CONTEXT_FILES: Final = (
    "**/CLAUDE.md",
    "**/CLAUDE.local.md",
    "**/AGENTS.md",
    "**/AGENTS.override.md",
    "**/AGENT.md",
    "**/GEMINI.md",
    "**/QWEN.md",
    "**/SKILL.md",
    "**/.claude/**/*.md",
    "**/.cursorrules",
    "**/.cursor/rules/**/*.mdc",
    "**/.windsurfrules",
    "**/.windsurf/rules/**/*.md",
    "**/.clinerules",
    "**/.clinerules/**/*.md",
    "**/.clinerules/**/*.txt",
    "**/.continue/rules/**/*.md",
    "**/.kiro/steering/**/*.md",
    "**/.rules",
    "**/.goosehints",
    "**/.github/copilot-instructions.md",
    "**/*.instructions.md",
    "**/*.agent.md",
    "**/*.chatmode.md",
    "**/.codex/prompts/*.md",
)

#: Prompt and context files: documents that get hints, diagnostics and status by themselves.
DEFAULT_INCLUDE: Final = (*PROMPTS, *CONTEXT_FILES)

#: The encoding where nothing usable is named.
DEFAULT_ENCODING: Final = "cl100k_base"
#: By whose models files are read.
_ENCODINGS: Final = (
    (("**/CLAUDE.md", "**/CLAUDE.local.md", "**/.claude/**"), CLAUDE_ENCODING),
    (("**/GEMINI.md", "**/.gemini/**"), GEMINI_ENCODING),
    (("**/AGENTS.md", "**/AGENTS.override.md", "**/.codex/**"), OPENAI_ENCODING),
)

#: Folders that are an agent's own: what is in them is a context file by its place.
_AGENTS_FOLDERS = frozenset(glob.split("/")[1] for glob in CONTEXT_FILES if glob.count("/") > 1)


def is_context_file(path: str) -> bool:
    """Whether a relative path is a context file's."""
    return matches(path, CONTEXT_FILES)


def is_agents_folder(path: str) -> bool:
    """Whether a relative path is that of an agent's own folder, or of one in it."""
    return not _AGENTS_FOLDERS.isdisjoint(path.split("/"))


def default_encoding(path: str) -> str:
    """The encoding of a file by its path, where nobody names a model or an encoding: that of whom it is written for."""
    return next((encoding for globs, encoding in _ENCODINGS if matches(path, globs)), DEFAULT_ENCODING)
