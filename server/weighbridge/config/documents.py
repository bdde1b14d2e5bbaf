"""Which files are prompts, and which are context files that agents load by themselves: by their names, in one list.

Context files are found whatever ignore files say, and where they are links: an agent loads them all the same.
"""

from typing import Final

from weighbridge.agents.encodings import CLAUDE_ENCODING, GEMINI_ENCODING, OPENAI_ENCODING
from weighbridge.agents.readers import readers_of
from weighbridge.config.globs import matches

#: Globs of prompts. What a website or a manual says about prompts is none.
PROMPTS: Final = (
    "**/*prompt*.md",
    "**/*prompt*.txt",
    "!**/*prompt-example*",
    "!**/*prompt-engineering*",
    "!**/*prompting*",
    *(
        f"!**/{folder}/**/*prompt*"
        for folder in ("docs", "doc", "website", "site", "blog", "_posts", ".changeset")
    ),
    "**/*.prompt.md",
    "**/*.prompt",
    "**/prompts/**/*.md",
    "**/prompts/**/*.txt",
)

#: Folders that are an agent's own: what is in them is a context file by its place.
_AGENTS_FOLDERS: Final = (
    *(
        ".agents",
        ".claude",
        ".cline",
        ".clinerules",
        ".codex",
        ".continue/rules",
        ".crush",
        ".cursor/commands",
    ),
    *(
        ".factory",
        ".gemini",
        ".kilo",
        ".kilocode",
        ".kiro/steering",
        ".opencode",
        ".openhands",
        ".qwen",
        ".roo",
    ),
    *(".vibe", ".windsurf/rules"),
)
_TOP_FOLDERS: Final = frozenset(
    folder.split("/")[0] for folder in (*_AGENTS_FOLDERS, ".cursor/rules", ".github")
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
    "**/CRUSH.md",
    "**/SKILL.md",
    "**/.cursorrules",
    "**/.windsurfrules",
    "**/.clinerules",
    "**/.rules",
    "**/.roorules",
    "**/.goosehints",
    "**/.github/copilot-instructions.md",
    "**/*.instructions.md",
    "**/*.agent.md",
    "**/*.chatmode.md",
    *(f"**/{folder}/**/*.md" for folder in _AGENTS_FOLDERS),
    "**/.cursor/rules/**/*.mdc",
    "**/.clinerules/**/*.txt",
    "**/.gemini/commands/**/*.toml",
    "**/.qwen/commands/**/*.toml",
    "**/plugins/*/agents/**/*.md",
    "**/plugins/*/commands/**/*.md",
)

#: Prompt and context files: documents that get hints, diagnostics and status by themselves.
DEFAULT_INCLUDE: Final = (*PROMPTS, *CONTEXT_FILES)

#: The encoding where nothing usable is named.
DEFAULT_ENCODING: Final = "cl100k_base"
#: By which agents' models files are read.
_ENCODINGS: Final = {
    "claude-code": CLAUDE_ENCODING,
    "gemini-cli": GEMINI_ENCODING,
}


def is_context_file(path: str) -> bool:
    """Whether a relative path is a context file's."""
    return matches(path, CONTEXT_FILES)


def is_agents_folder(path: str) -> bool:
    """Whether a relative path is that of an agent's own folder, or of one in it."""
    return not _TOP_FOLDERS.isdisjoint(path.split("/"))


def default_encoding(path: str) -> str:
    """The encoding of a file by its path, where nobody names a model or an encoding: that of whom it is written for."""
    readers = readers_of(path)
    return _ENCODINGS.get(readers[0], OPENAI_ENCODING) if readers else DEFAULT_ENCODING
