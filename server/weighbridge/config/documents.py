"""Which files are prompts, and which are context files that agents load by themselves: by their names, in one list.

Context files are found whatever ignore files say, and where they are links: an agent loads them all the same.
"""

from typing import Final

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

#: Folders that are an agent's own: what is in them is a context file by its place.
_AGENTS_FOLDERS = frozenset(glob.split("/")[1] for glob in CONTEXT_FILES if glob.count("/") > 1)


def is_context_file(path: str) -> bool:
    """Whether a relative path is a context file's."""
    return matches(path, CONTEXT_FILES)


def is_agents_folder(path: str) -> bool:
    """Whether a relative path is that of an agent's own folder, or of one in it."""
    return not _AGENTS_FOLDERS.isdisjoint(path.split("/"))
