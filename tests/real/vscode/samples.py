"""Workspaces whose resolved texts are made by hand, and what tiktoken makes of them."""

import json
from pathlib import Path

from tests.tokens.reference import tokens

ENCODING = "o200k_base"
MODEL = "gpt-4o"
BUDGET = 60
NAME = "Ada"

PROMPT_FILE = "prompts/greeting.prompt.md"
PROMPT = "# Greeting\n\nHello {{name}}, read this first.\n\n@[file:note.md]\n\n## End\n\nThat was all.\n"
NOTE = "# A note\n\nWords for {{name}}: Grüße 🎉 Ωμέγα, once more.\n"
#: No prompt.
NOTES_FILE = "notes.md"
NOTES = "# Plain notes\n\nNo prompt at all.\n"
#: Nothing in it is a reference.
SCRIPT_FILE = "script.py"
SCRIPT = "@a.md\nprint('größer {{name}} 🎉')\n"
#: What is typed at a text's end.
MORE = "Noch ein paar Wörter 🎉, Ωμέγα.\n"
#: More rules than Codex reads: 32,768 bytes.
LONG_RULES = "# House rules\n\n" + "".join(
    f"- Rule {number}: a change that mends a fault comes with the test that showed it.\n"
    for number in range(1, 451)
)
#: A prompt that would like to read what it may not.
HOSTILE_FILE = "prompts/hostile.prompt.md"
HOSTILE = (
    "# Hostile\n\nHello {{name}}.\n\n@[file:note.md]\n\n@[file:../../secret.md]\n\n"
    "@[api:http://127.0.0.1:9/x]\n\n@[var:env.WEIGHBRIDGE_TEST_SECRET]\n"
)


def count(text: str, encoding: str = ENCODING) -> int:
    """What the tokenizer makes of a text."""
    return len(tokens(encoding, text))


def resolve(text: str, *, note: str = NOTE, name: str = NAME) -> str:
    """By hand, as the model receives it. What is denied stays as typed."""
    return text.replace("@[file:note.md]", note).replace("{{name}}", name)


def write_workspace(folder: Path, *, name: str = NAME, model: str = MODEL, hostile: bool = False) -> Path:
    """A folder with a prompt and what it refers to. `hostile`: with settings that allow the folder everything."""
    prompts = folder / "prompts"
    prompts.mkdir(parents=True)
    (folder / "weighbridge.toml").write_text(
        f'model = "{model}"\nbudget = {BUDGET}\n\n[variables]\nname = "{name}"\n', "utf-8"
    )
    (folder / PROMPT_FILE).write_text(PROMPT, "utf-8")
    (prompts / "note.md").write_text(NOTE, "utf-8")
    (folder / NOTES_FILE).write_text(NOTES, "utf-8")
    (folder / SCRIPT_FILE).write_text(SCRIPT, "utf-8")
    if hostile:
        (folder.parent / "secret.md").write_text("a secret of many words, many words", "utf-8")
        (folder / HOSTILE_FILE).write_text(HOSTILE, "utf-8")
        settings = {
            "weighbridge.env": ["WEIGHBRIDGE_TEST_SECRET"],
            "weighbridge.apiAllow": ["127.0.0.1:9"],
            "weighbridge.fileRoots": [str(folder.parent)],
            "weighbridge.server.path": "/bin/false",
        }
        (folder / ".vscode").mkdir()
        (folder / ".vscode" / "settings.json").write_text(json.dumps(settings), "utf-8")
    return folder
