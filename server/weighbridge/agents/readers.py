"""Which agents read a file, by its name and place; and the dialects of documents, one of each agent among them.

Nothing of the agents' rules is loaded for this: it is asked for every document that is opened.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from weighbridge.references.dialect import MARKDOWN, Dialect, without_references

#: Agents by name, each with its title. In the order in which they are listed where nobody chooses.
TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "claude-code": "Claude Code",
        "codex": "Codex",
        "gemini-cli": "Gemini CLI",
        "qwen-code": "Qwen Code",
        "copilot-cli": "GitHub Copilot CLI",
        "opencode": "OpenCode",
        "kilo": "Kilo",
        "factory-droid": "Factory droid",
        "cline": "Cline",
        "continue-cli": "Continue CLI",
        "mistral-vibe": "Mistral Vibe",
        "openhands": "OpenHands",
        "goose": "goose",
        "aider": "aider",
        "vscode-copilot": "Copilot in VS Code",
        "crush": "Crush",
    }
)

#: Files by their names, letter for letter, as agents look for them: who reads them, the one first whose numbers are shown.
_BY_NAME: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "CLAUDE.md": (
            "claude-code",
            "copilot-cli",
            "opencode",
            "factory-droid",
            "kilo",
            "continue-cli",
            "openhands",
            "vscode-copilot",
            "crush",
        ),
        "CLAUDE.local.md": ("claude-code", "vscode-copilot", "crush"),
        "AGENTS.md": (
            "codex",
            "opencode",
            "copilot-cli",
            "factory-droid",
            "claude-code",
            "qwen-code",
            "kilo",
            "cline",
            "continue-cli",
            "mistral-vibe",
            "openhands",
            "goose",
            "vscode-copilot",
            "crush",
        ),
        "AGENTS.override.md": ("codex",),
        "GEMINI.md": ("gemini-cli", "copilot-cli", "openhands", "crush"),
        "QWEN.md": ("qwen-code",),
        "copilot-instructions.md": ("copilot-cli", "vscode-copilot", "crush"),
        "CRUSH.md": ("crush",),
        ".goosehints": ("goose",),
        ".clinerules": ("cline",),
        # Written for agents whose rules are not known here, whoever else reads them: plain text, not prompts of ours.
        "AGENT.md": (),
        ".cursorrules": (),
        ".windsurfrules": (),
        ".roorules": (),
        ".rules": (),
    }
)
_BY_ENDING: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        ".instructions.md": ("copilot-cli", "vscode-copilot"),
        ".agent.md": ("copilot-cli", "vscode-copilot"),
        ".chatmode.md": ("vscode-copilot",),
    }
)
_BY_FOLDER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        ".claude": ("claude-code",),
        ".codex": ("codex",),
        ".gemini": ("gemini-cli",),
        ".qwen": ("qwen-code",),
        ".opencode": ("opencode",),
        ".kilocode": ("kilo",),
        ".kilo": ("kilo",),
        ".factory": ("factory-droid",),
        ".clinerules": ("cline",),
        ".cline": ("cline",),
        ".continue": ("continue-cli",),
        ".vibe": ("mistral-vibe",),
        ".openhands": ("openhands",),
        ".crush": ("crush",),
        ".agents": (),
        ".roo": (),
        ".cursor": (),
        ".windsurf": (),
        ".kiro": (),
    }
)
#: Skills by the agents' folder that they lie in, where others than its own agent list them.
_SKILLS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        ".claude": ("claude-code", "copilot-cli", "opencode", "kilo", "continue-cli", "crush"),
        ".agents": (
            "codex",
            "copilot-cli",
            "opencode",
            "gemini-cli",
            "qwen-code",
            "kilo",
            "factory-droid",
            "mistral-vibe",
            "openhands",
            "crush",
        ),
        ".agent": ("factory-droid",),
        ".cursor": ("crush",),
        ".github": ("copilot-cli",),
    }
)
#: Endings of files in agents' folders that are text for a model.
_TEXTS = frozenset((".md", ".mdc", ".txt", ".toml"))
#: Folders of a plugin, `plugins/NAME`, whose files Claude Code reads.
_OF_PLUGINS = frozenset(("agents", "commands"))
#: Templates: what their braces mean is their languages' business.
_TEMPLATES = frozenset(
    (".j2", ".jinja", ".jinja2", ".hbs", ".handlebars", ".mustache", ".poml", ".prompty", ".prompt")
)

TEXT = without_references("text")
"""Plain text: nothing in it refers to anything."""

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        dialect.name: dialect
        for dialect in (MARKDOWN, TEXT, *(without_references(name, agent=name) for name in TITLES))
    }
)


# Kept: who asks for the encoding of a file asks for its dialect next.
@lru_cache(maxsize=256)
def readers_of(path: str) -> tuple[str, ...] | None:
    """The agents that read such a file, the first being the one that it is written for; None for no context file.

    Empty for a context file of agents whose rules are not known here. `path`: with `/`, relative to its workspace's folder
    if it lies in one.
    """
    # As strings: this is asked for each of many thousand files.
    *folders, name = path.split("/")
    readers = _BY_NAME.get(name)
    if readers is not None:
        return readers
    for ending, agents in _BY_ENDING.items():
        if name.endswith(ending):
            return agents
    skill = name == "SKILL.md"
    text = _suffix(name) in _TEXTS
    if skill or text:
        for folder in reversed(folders):
            agents_of = _SKILLS.get(folder) if skill else None
            if agents_of is None:
                agents_of = _BY_FOLDER.get(folder)
            if agents_of is not None:
                return agents_of
    # A plugin's, or one to be copied somewhere.
    return ("claude-code",) if skill or (text and _are_of_plugin(folders)) else None


def _are_of_plugin(folders: Sequence[str]) -> bool:
    return "plugins" in folders and any(
        folder == "plugins" and inner in _OF_PLUGINS
        for folder, inner in zip(folders, folders[2:], strict=False)
    )


def _suffix(name: str) -> str:
    at = name.rfind(".")
    return name[at:].lower() if 0 < at < len(name) - 1 else ""


def names_for(agent: str) -> tuple[str, ...]:
    """The names of files that are written for an agent."""
    return tuple(name for name, agents in _BY_NAME.items() if agents[:1] == (agent,))


def dialect_for(path: str, chosen: Collection[str] | None = None) -> Dialect:
    """The dialect of a document by its path, with `/`. `chosen`: agents by name, the most important first; None: no choice."""
    readers = readers_of(path)
    if readers is None:
        return TEXT if _suffix(path.rpartition("/")[2]) in _TEMPLATES else MARKDOWN
    name = next((name for name in chosen or () if name in readers), next(iter(readers), TEXT.name))
    return DIALECTS[name]
