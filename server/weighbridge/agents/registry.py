"""All agents, by name. Imported when an agent's rules are first asked for: it loads a Markdown parser."""

from collections.abc import Mapping

from weighbridge.agents.aider import AIDER
from weighbridge.agents.claude_code import CLAUDE_CODE
from weighbridge.agents.cline import CLINE
from weighbridge.agents.cn import CN
from weighbridge.agents.codex import CODEX
from weighbridge.agents.copilot_cli import COPILOT_CLI
from weighbridge.agents.crush import CRUSH
from weighbridge.agents.droid import DROID
from weighbridge.agents.gemini_cli import GEMINI_CLI
from weighbridge.agents.goose import GOOSE
from weighbridge.agents.kilo import KILO
from weighbridge.agents.model import Agent
from weighbridge.agents.opencode import OPENCODE
from weighbridge.agents.openhands import OPENHANDS
from weighbridge.agents.qwen_code import QWEN_CODE
from weighbridge.agents.vibe import VIBE
from weighbridge.agents.vscode_copilot import VSCODE_COPILOT

AGENTS: Mapping[str, Agent] = {
    agent.name: agent
    for agent in (
        CLAUDE_CODE,
        CODEX,
        GEMINI_CLI,
        QWEN_CODE,
        COPILOT_CLI,
        OPENCODE,
        KILO,
        DROID,
        CLINE,
        CN,
        VIBE,
        OPENHANDS,
        GOOSE,
        AIDER,
        VSCODE_COPILOT,
        CRUSH,
    )
}
