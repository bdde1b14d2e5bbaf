"""What a recording says was set, as the files of the user's own in which the agent reads it."""

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any


def configured(agent: str, settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """The files below the home by path."""
    made = _BY_AGENT.get(agent)
    return {} if made is None else made(settings, names)


def _codex(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    told = (
        *("project_doc_max_bytes", "project_doc_fallback_filenames", "project_root_markers"),
        *("model_context_window", "instructions", "developer_instructions"),
    )
    lines = [f"{name} = {json.dumps(settings[name])}" for name in told if name in settings]
    if settings.get("trusted"):
        lines += [f"[projects.{json.dumps(names['root'])}]", 'trust_level = "trusted"']
    return {".codex/config.toml": "\n".join(lines)} if lines else {}


def _claude_code(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    values = settings.get("claude_json")
    if values is None and "project" in settings:
        values = {"projects": {"{root}": settings["project"]}}
    return {} if values is None else {".claude.json": json.dumps(values)}


def _gemini_cli(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    trust = "DO_NOT_TRUST" if settings.get("trust") is False else "TRUST_FOLDER"
    made = {".gemini/trustedFolders.json": json.dumps({names["root"]: trust})}
    if "user_settings" in settings:
        made[".gemini/settings.json"] = json.dumps(settings["user_settings"])
    return made


def _qwen_code(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    language = "# Output language preference: auto\n<!-- qwen-code:llm-output-language: auto -->\nOUTLANG\n"
    made = {".qwen/output-language.md": language}
    values = dict(settings.get("user_settings", {}))
    if values:
        made[".qwen/settings.json"] = json.dumps(values)
    if "trustedFolders.json" in settings:
        made[".qwen/trustedFolders.json"] = json.dumps({names["root"]: settings["trustedFolders.json"]})
    return made


def _opencode(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    values = settings.get("opencode.json (user)")
    return {} if values is None else {".config/opencode/opencode.json": json.dumps(values)}


def _kilo(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    values = settings.get("kilo.json (user)")
    return {} if values is None else {".config/kilo/kilo.json": json.dumps(values)}


def _vibe(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    trusted = settings.get("trusted", ["{root}"] if "untrusted" not in settings else [])
    lines = [f"trusted = {json.dumps(trusted)}", f"untrusted = {json.dumps(settings.get('untrusted', []))}"]
    made = {".vibe/trusted_folders.toml": "\n".join(lines)}
    if "include_project_context" in settings:
        made[".vibe/config.toml"] = (
            f"include_project_context = {json.dumps(settings['include_project_context'])}"
        )
    return made


def configured_project(settings: Mapping[str, Any]) -> dict[str, str]:
    """What a recording says was set in the project's own files, by path below the root."""
    made = {
        f"{name}.json": json.dumps(settings[f"{name}.json (project)"])
        for name in ("opencode", "kilo")
        if f"{name}.json (project)" in settings
    }
    if "options.context_paths" in settings:
        made["crush.json"] = json.dumps({"options": {"context_paths": settings["options.context_paths"]}})
    chat = {name: value for name, value in settings.items() if name.startswith("chat.")}
    if chat:
        made[".vscode/settings.json"] = json.dumps(chat)
    if "instructions" in settings and isinstance(settings["instructions"], list):
        made["opencode.json"] = json.dumps({"instructions": settings["instructions"]})
    return made


def typed(settings: Mapping[str, Any]) -> str:
    """What the user typed: the prompt, or the words behind a command's name on the command line."""
    line = settings.get("command line")
    if line is None:
        return str(settings.get("prompt", ""))
    words = shlex.split(line)
    rest = words[words.index("--command") + 2 :]
    return " ".join(f'"{word}"' if " " in word else word for word in rest)


_BY_AGENT: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], dict[str, str]]] = {
    "codex": _codex,
    "claude-code": _claude_code,
    "gemini-cli": _gemini_cli,
    "qwen-code": _qwen_code,
    "opencode": _opencode,
    "kilo": _kilo,
    "mistral-vibe": _vibe,
}
