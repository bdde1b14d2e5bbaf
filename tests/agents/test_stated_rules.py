"""What the rules of agents say and no recording shows: each a small folder, and what arrives of it."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agents.recorded import Case, lay

from weighbridge.agents.copilot_text import imports_in
from weighbridge.agents.markdown import code_regions
from weighbridge.agents.model import Start
from weighbridge.agents.registry import AGENTS
from weighbridge.agents.splicing import backtick_regions
from weighbridge.content.agent_files import AgentFiles


def arriving(agent: str, tmp_path: Path, files: dict[str, Any], **more: Any) -> str:
    """All that arrives; `more`: `home`, `git`, `cwd`, `settings`."""
    data = {"agent": agent, "case": "stated", "files": files, "git": True, "home": {}, "settings": {}} | more
    laid = lay(Case(data), tmp_path.resolve())
    return laid.with_placeholders("\n".join(part.text for part in laid.load(agent).parts))


def _block(path: str, text: str) -> str:
    return f"--- Context from: {path} ---\n{text}\n--- End of Context from: {path} ---"


def _gemini(**texts: str) -> str:
    inner = "\n\n".join(_block(f"{{root}}/{path}", text) for path, text in texts.items())
    return f"<loaded_context>\n<project_context>\n{inner}\n</project_context>\n</loaded_context>"


LONG = "x" * 256
FAILURES = [
    ("@a.md/b", "a.md/b - ENOTDIR: not a directory, access '{root}/a.md/b'"),
    (f"@{LONG}", f"{LONG} - ENAMETOOLONG: name too long, access '{{root}}/{LONG}'"),
    ("@http://x/y", "http://x/y - Path traversal attempt"),
    ("@..", ".. - Path traversal attempt"),
    ("@.", ". - EISDIR: illegal operation on a directory, read"),
]
AS_WRITTEN = ["@@a.md", "x@a.md", "@1a.md", "`` @a.md ```", "```\n@a.md`", "a ` b @c`", "@"]


@pytest.mark.parametrize(("text", "wanted"), FAILURES)
def test_imports_that_fail(text: str, wanted: str, tmp_path: Path) -> None:
    files = {"GEMINI.md": text, "QWEN.md": text, "a.md": "A"}
    failed = f"<!-- Import failed: {wanted} -->"
    assert arriving("gemini-cli", tmp_path, files) == _gemini(**{"GEMINI.md": failed})
    assert f"--- Context from: QWEN.md ---\n{failed}\n" in arriving("qwen-code", tmp_path / "second", files)


@pytest.mark.parametrize("text", AS_WRITTEN)
def test_no_imports_of_gemini(text: str, tmp_path: Path) -> None:
    assert arriving("gemini-cli", tmp_path, {"GEMINI.md": text, "a.md": "A"}) == _gemini(
        **{"GEMINI.md": text}
    )


def test_only_web_addresses_and_files_are_addresses(tmp_path: Path) -> None:
    failed = "<!-- Import failed: ftp://x - ENOENT: no such file or directory, access '{root}/ftp:/x' -->"
    assert arriving("gemini-cli", tmp_path, {"GEMINI.md": "@ftp://x"}) == _gemini(**{"GEMINI.md": failed})


@given(st.lists(st.sampled_from(["`", "``", "```", "a", "\n", "@"]), max_size=20))
def test_code_as_gemini_sees_it(parts: list[str]) -> None:
    text = "".join(parts)
    assert backtick_regions(text) == [found.span() for found in re.finditer(r"(`+)([\s\S]*?)\1", text)]


def test_a_million_backticks() -> None:
    assert backtick_regions("`" * 1_000_001) == [(0, 1_000_000)]


@pytest.mark.parametrize(
    ("text", "in_code"),
    [
        ("`x @a y`", True),
        ("x @a y", False),
        ("\\`x\\` `y @a`", True),
        ("- `x @a y`", False),
        ("> `x @a y`", True),
        ("> x\n> `x @a y`", False),
        ("> ```\n> @a\n> ```", False),
        ("> ## `x @a`", True),
        ("    @a", True),
        ("~~~\n@a\n~~~", True),
        ("# `x @a`", True),
        ("**b `x @a`**", True),
        # Places are those in the text with line feeds only: behind carriage returns they are off.
        ("a\r\n\r\nb\r\n\r\n`@a`", False),
    ],
)
def test_code_as_qwen_sees_it(text: str, in_code: bool) -> None:
    at = text.index("@")
    assert any(start <= at < end for start, end in code_regions(text)) is in_code


def test_quotes_within_quotes() -> None:
    assert code_regions("> > `a`") == [(4, 7)]
    assert code_regions(">" * 20_000 + "`a`\n") == []


def test_gemini_names_come_in_their_order_at_home_and_by_path_in_the_project(tmp_path: Path) -> None:
    got = arriving(
        "gemini-cli",
        tmp_path,
        {"ZZZ.md": "Z", "GEMINI.md": "G", "AAA.md": "A"},
        home={".gemini/GEMINI.md": "g", ".gemini/ZZZ.md": "z"},
        settings={"user_settings": {"context": {"fileName": [" ZZZ.md ", "AAA.md"]}}},
    )
    assert re.findall(r"Context from: \{\w+\}/(\S+) ---\n(\w)\n", got) == [
        (".gemini/ZZZ.md", "z"),
        (".gemini/GEMINI.md", "g"),
        ("AAA.md", "A"),
        ("GEMINI.md", "G"),
        ("ZZZ.md", "Z"),
    ]


def test_gemini_private_memory(tmp_path: Path) -> None:
    path = ".gemini/tmp/root/memory/MEMORY.md"
    got = arriving("gemini-cli", tmp_path, {}, home={".gemini/GEMINI.md": "g\n", path: "m\n"})
    assert got == (
        "<loaded_context>\n<global_context>\n" + _block("{home}/.gemini/GEMINI.md", "g") + "\n"
        "</global_context>\n<user_project_memory>\n"
        "--- Private Project Memory Index (private, not committed to repo) ---\n"
        + _block(f"{{home}}/{path}", "m")
        + "\n--- End Private Project Memory Index ---\n</user_project_memory>\n</loaded_context>"
    )


def test_gemini_skills(tmp_path: Path) -> None:
    def skill(name: str, description: str) -> str:
        return f"---\nname: {name}\ndescription: {description}\n---\nbody\n"

    files = {
        ".gemini/skills/a/SKILL.md": skill("alpha", "A: not YAML\n  but two lines"),
        ".agents/skills/b/SKILL.md": skill("b:eta", "B"),
        ".agents/skills/deep/er/SKILL.md": skill("deeper", "D"),
        ".claude/skills/c/SKILL.md": skill("c", "C"),
        ".gemini/skills/same/SKILL.md": skill("same", "the project's"),
        ".gemini/skills/none/SKILL.md": "no front matter",
        ".gemini/skills/half/SKILL.md": "---\nname: half\n---\n",
    }
    home = {".gemini/skills/same/SKILL.md": skill("same", "the user's")}

    def listed(name: str, description: str, path: str) -> str:
        inside = f"<name>{name}</name>\n    <description>{description}</description>"
        return f"  <skill>\n    {inside}\n    <location>{{root}}/{path}/SKILL.md</location>\n  </skill>"

    wanted = [
        listed("same", "the project's", ".gemini/skills/same"),
        listed("alpha", "A: not YAML but two lines", ".gemini/skills/a"),
        listed("b-eta", "B", ".agents/skills/b"),
    ]
    assert arriving("gemini-cli", tmp_path, files, home=home) == "\n".join(wanted)


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("see @GEMINI.md", []),
        ("see @AGENTS.md @x.md @../o.md", ["@x.md"]),
        ("all of @d", ["@d/y.md"]),
    ],
)
def test_geminis_prompt_names_no_context_files(prompt: str, wanted: list[str], tmp_path: Path) -> None:
    files = {
        "GEMINI.md": "G",
        "AGENTS.md": "A",
        "x.md": "X",
        "d/GEMINI.md": "D",
        "d/y.md": "Y",
        "../o.md": "O",
    }
    settings = {"prompt": prompt, "user_settings": {"context": {"fileName": "AGENTS.md"}}}
    got = arriving("gemini-cli", tmp_path, files, settings=settings)
    assert re.findall("Content from (@.*):", got) == wanted


def test_gemini_imports_lie_in_the_folder_that_holds_a_git_file(tmp_path: Path) -> None:
    files = {".git": "gitdir: x", "sub/GEMINI.md": "@../a.md", "a.md": "A"}
    got = arriving("gemini-cli", tmp_path, files, git=False, cwd="sub")
    assert "<!-- Imported from: ../a.md -->\nA\n" in got


@pytest.mark.parametrize(
    ("agent", "name", "wanted"),
    [
        ("gemini-cli", "GEMINI.md", ["{root}", *(f"{{root}}/{name}.md" for name in "abcdefg")]),
        ("qwen-code", "QWEN.md", ["{root}/QWEN.md", *(f"{{root}}/{name}.md" for name in "abcde")]),
    ],
)
def test_flat_imports(agent: str, name: str, wanted: list[str], tmp_path: Path) -> None:
    chain = {f"{name}.md": f"@{chr(ord(name) + 1)}.md" for name in "abcdefg"}
    settings = {"user_settings": {"context": {"importFormat": "flat"}}}
    got = arriving(agent, tmp_path, {name: "x @a.md", **chain}, settings=settings)
    assert [path for path in re.findall(r"(?m)^--- File: (.*) ---$", got) if "language" not in path] == wanted


QWEN_RULES = [
    ("---\npaths: src/**\n---\nR", False),
    ("---\npaths:\n  - src/**\n---\nR", False),
    # No YAML: read line by line.
    ("---\npaths: **/*.ts\n---\nR", False),
    ("---\npaths:\n  - **/*.ts\n---\nR", False),
    ("---\npaths: []\n---\nR", True),
    ("---\npaths: ['']\n---\nR", True),
    ("---\npaths: 5\n---\nR", True),
    ("---\nglobs: a\n---\nR", True),
    ("---\n---\nR", True),
    ("--- \npaths: a\n---\nR", True),
    ("\ufeff---\r\npaths: a\r\n---\r\nR", False),
]


@pytest.mark.parametrize(("text", "loads"), QWEN_RULES)
def test_qwen_rules(text: str, loads: bool, tmp_path: Path) -> None:
    got = arriving("qwen-code", tmp_path, {".qwen/rules/r.md": text})
    assert ("--- Rule from: .qwen/rules/r.md ---" in got) is loads


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("a<!-- x <!-- y --> z -->b", "a z -->b"), ("a<!<!-- x -->-- y -->b", "ab"), ("a <!-- b", "a  b")],
)
def test_qwen_comments_in_rules(text: str, wanted: str, tmp_path: Path) -> None:
    got = arriving("qwen-code", tmp_path, {".qwen/rules/r.md": text})
    assert f"---\n{wanted}\n---" in got


def test_qwen_rules_without_git_and_links_among_them(tmp_path: Path) -> None:
    files = {".qwen/rules/a.md": "A", "b.md": "B", ".qwen/rules/l.md": {"link": "../../b.md"}}
    got = arriving("qwen-code", tmp_path, files, git=False)
    assert re.findall("--- Rule from: (.*) ---\n(.)\n", got) == [(".qwen/rules/a.md", "A")]
    assert "l.md" not in got


def test_qwen_included_folders_have_chains_of_their_own(tmp_path: Path) -> None:
    settings = {
        "args": ["--include-directories", "{root}/../outside/sub"],
        "outside": {"sub/QWEN.md": "S", "QWEN.md": "O"},
        "user_settings": {"context": {"loadFromIncludeDirectories": True}},
    }
    got = arriving("qwen-code", tmp_path, {"QWEN.md": "R"}, settings=settings)
    texts = re.findall(r"--- Context from: \S+ ---\n(\w)\n", got)
    assert texts == ["R", "O", "S"]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("claude-code", "CLAUDE.md"),
        ("gemini-cli", "GEMINI.md"),
        ("qwen-code", "QWEN.md"),
        ("qwen-code", ".qwen/rules/r.md"),
        ("copilot-cli", "AGENTS.md"),
        ("goose", "AGENTS.md"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "`" * 200_001 + "@a",
        "<!-- @a " * 40_000,
        ">" * 20_000 + "@a",
        "<!<!--x-->--" * 20_000,
        "\n" * 200_000 + "`",
    ],
)
def test_hostile_texts_take_time_linear_in_them(agent: str, name: str, text: str, tmp_path: Path) -> None:
    """Hours without the bounds."""
    assert arriving(agent, tmp_path, {name: text})


def test_copilots_tables(tmp_path: Path) -> None:
    """What waits for a file is named in a table, with its description alone."""
    files = {
        ".github/instructions/a.instructions.md": "---\napplyTo: 'src/**,*.py'\ndescription: a|b\n---\nA text\n",
        ".github/instructions/b.instructions.md": "B always\n",
        ".github/instructions/c.instructions.md": "---\napplyTo: '**'\nexcludeAgent: coding-agent\n---\nC\n",
        ".claude/rules/d.md": "---\npaths: [x, y]\n---\nD\n",
        "more/AGENTS.md": "M\n",
        "more/.github/instructions/e.instructions.md": "---\napplyTo: e\n---\nE\n",
    }
    settings = {"env": {"COPILOT_CUSTOM_INSTRUCTIONS_DIRS": "{root}/more"}}
    got = arriving("copilot-cli", tmp_path, files, settings=settings)
    always, agents, rules = got.split("\n\n", 2)
    assert always == "B always"
    assert rules.startswith("Here is a list of instruction files")
    assert rules.splitlines()[-3:] == [
        "| src/**, *.py | '.github/instructions/a.instructions.md' | a\\|b |",
        "| x, y | '.claude/rules/d.md' |  |",
        "| e | '{root}/more/.github/instructions/e.instructions.md' |  |",
    ]
    assert agents.splitlines()[-1] == "| more/ | 'more/AGENTS.md' | Agent instructions for more/**/* |"


def test_codex_is_started_elsewhere_by_an_option(tmp_path: Path) -> None:
    settings = {"args": ["-C", "sub", "-c", "project_doc_max_bytes=3"]}
    got = arriving("codex", tmp_path, {"AGENTS.md": "A", "sub/AGENTS.md": "BCD"}, settings=settings)
    assert got == "# AGENTS.md instructions for {root}/sub\n\n<INSTRUCTIONS>\nA\n\nBC\n</INSTRUCTIONS>"


def test_codex_is_told_by_an_option_where_a_project_begins(tmp_path: Path) -> None:
    files = {
        ".hg/x": "",
        "AGENTS.md": "A",
        "sub/AGENTS.md": "B",
        "sub/.codex/config.toml": "project_root_markers = []",
    }
    settings = {"args": ["-c", 'project_root_markers=[".hg"]']}
    got = arriving("codex", tmp_path, files, git=False, cwd="sub", settings=settings)
    assert "<INSTRUCTIONS>\nA\n\nB\n</INSTRUCTIONS>" in got


def test_codex_skills_that_are_named(tmp_path: Path) -> None:
    text = "---\nname: s-1\ndescription: D\n---\nbody\n"
    files = {".agents/skills/s/SKILL.md": text}
    got = arriving("codex", tmp_path, files, settings={"prompt": "use $s-1 and $HOME, $s-1"})
    told = f"<skill>\n<name>s-1</name>\n<path>{{root}}/.agents/skills/s/SKILL.md</path>\n{text}\n</skill>"
    assert got.count("<skill>") == 1
    assert got.endswith(told)


def test_codex_lists_names_alone_where_there_is_no_room_for_all(tmp_path: Path) -> None:
    """2 % of 20,000 tokens are 400; the table takes 20, Codex's own skills 37, and a line of 33 bytes 9."""
    text = "---\nname: k{0:03}\ndescription: D\n---\n"
    files = {f".agents/skills/k{at:03}/SKILL.md": text.format(at) for at in range(400)}
    got = arriving("codex", tmp_path, files, settings={"model_context_window": 20_000})
    lines = [f"- k{at:03}: (file: r1/k{at:03}/SKILL.md)" for at in range((400 - 20 - 37) // 9)]
    assert got == "\n".join(["- `r1` = `{root}/.agents/skills`", *lines])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("---\ntext\n---\nrest\n", "rest"),
        ("---\n- a\n---\nrest\n", "rest"),
        ("---\n# only a comment\n---\nrest\n", "rest"),
        ("---\na: b: c\n---\nrest\n", None),
        ("---\nname: 5\n---\nrest\n", None),
    ],
)
def test_cline_front_matter(text: str, wanted: str | None, tmp_path: Path) -> None:
    got = arriving("cline", tmp_path, {"AGENTS.md": text})
    assert got == ("" if wanted is None else f"\n\n# Rules\n## Workspace AGENTS.md\n{wanted}")


@pytest.mark.parametrize(
    ("paths", "loads"),
    [
        ("src/**", False),
        ("**", True),
        ("**/**", True),
        ("/**", True),
        ('"**, src/*.ts"', False),
        ("[]", True),
        ("{a,b}/**", False),
    ],
)
def test_claude_rules(paths: str, loads: bool, tmp_path: Path) -> None:
    got = arriving("claude-code", tmp_path, {".claude/rules/r.md": f"---\npaths: {paths}\n---\nR\n"})
    assert bool(got) is loads


class _Managed(AgentFiles):
    """A disk whose managed folder lies elsewhere."""

    etc = Path()

    def _at(self, path: Path) -> Path:
        managed = Path("/etc/claude-code")
        return self.etc / path.relative_to(managed) if path.is_relative_to(managed) else path

    def read(self, path: Path, *, own: bool = True) -> bytes | None:
        return super().read(self._at(path), own=own)

    def size(self, path: Path) -> int | None:
        return super().size(self._at(path))

    def is_folder(self, path: Path) -> bool:
        return super().is_folder(self._at(path))

    def names(self, folder: Path, *, own: bool = True) -> list[str]:
        return super().names(self._at(folder), own=own)


def test_claude_managed_files(tmp_path: Path) -> None:
    home = tmp_path / "home"
    files = _Managed((tmp_path,))
    files.etc = tmp_path / "etc"
    for name, text in {
        "etc/CLAUDE.md": "M\n",
        "etc/managed-settings.json": '{"claudeMd": " S "}',
        "etc/.claude/rules/r.md": "R\n",
        "etc/rules/no.md": "no",
        "home/.claude/CLAUDE.md": "U",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (part,) = AGENTS["claude-code"].load(Start(tmp_path, home), files).parts
    label = "(organization-managed policy instructions):\n\n"
    assert part.text == (
        f"Contents of /etc/claude-code/CLAUDE.md {label}M\n\nContents of <managed-settings> {label}S\n\n"
        f"Contents of /etc/claude-code/.claude/rules/r.md {label}R\n\nContents of {home}/.claude/CLAUDE.md "
        "(user's private global instructions for all projects):\n\nU"
    )


CONTINUE_RULES = [
    ("R", "R"),
    ("---\nglobs: a\n---\nR", None),
    ("---\nglobs: []\n---\nR", None),
    ("---\nglobs:\n---\nR", "R"),
    ("---\nglobs: ''\n---\nR", "R"),
    ("---\nalwaysApply:\n---\nR", None),
    ("---\nalwaysApply: true\nglobs: a\n---\nR", "R"),
    ("---\ninvokable: yes please\n---\nR", None),
    ("lost\n---\na sentence\n---\n\nR\n---\n\nS", "R\n---\nS"),
    ("lost\r\n---\r\nx: 1\r\n--- \r\nR", "R"),
    ("lost\r---\rx: 1\r---\rR", "R"),
    ("---\na: b: c\n---\nR", "---\na: b: c\n---\nR"),
]


@pytest.mark.parametrize(("text", "wanted"), CONTINUE_RULES)
def test_continue_rules(text: str, wanted: str | None, tmp_path: Path) -> None:
    got = arriving("continue-cli", tmp_path, {".continue/rules/r.md": text})
    assert got == ("" if wanted is None else f'<context name="userRules">\n{wanted}\n</context>')


def test_rules_of_continue_that_are_told(tmp_path: Path) -> None:
    files = {"AGENTS.md": "A", "x.md": "X", ".continue/rules/r.md": "configured", ".continue/rules/s.md": "S"}
    home = {".continue/config.yaml": "rules:\n  - configured\n"}
    options = ["--rule", "x.md", "--rule", "none.md", "--rule", "be brief", "--rule", "./x.md"]
    got = arriving("continue-cli", tmp_path, files, home=home, settings={"args": options})
    rules = ["A", "X", "be brief", "X", "x.md", "none.md", "be brief", "configured", "X", "S"]
    assert got == '<context name="userRules">\n' + "\n\n".join(rules) + "\n</context>"


def test_a_folder_hides_other_names_of_continue(tmp_path: Path) -> None:
    assert arriving("continue-cli", tmp_path, {"AGENTS.md/x": "", "CLAUDE.md": "C"}) == ""


def test_cline_sorts_names_as_javascript_does(tmp_path: Path) -> None:
    names = [
        *("_u", "-d", ".h", "(x", "10", "2", "a b", "a_b", "a-b", "a.b", "ab", "éa", "eb", "éc", "Z"),
        *("résumé", "resume2", "zebra"),
    ]
    files = {f".clinerules/{name}.md": "text" for name in sorted(names)}
    got = re.findall("(?m)^## (.*)$", arriving("cline", tmp_path, files))
    assert got == [
        *("_u", "-d", ".h", "(x", "10", "2", "a b", "a_b", "a-b", "a.b", "ab", "éa", "eb", "éc"),
        *("résumé", "resume2", "Z", "zebra"),
    ]


MEMORY_LINES = [
    ("x\n" * 200 + "y", "201 lines (limit: 200)", "x\n" * 199 + "x"),
    # A line feed at the limit itself is still looked at.
    ("x" * 25_000 + "\nmore", "24.4 {} (limit: 24.4 {}) — index entries are too long", "x" * 25_000),
    ("x\n" + "é" * 25_850 + "\nz", "25.2 {} (limit: 24.4 {}) — index entries are too long", "x"),
    ("x" * 25_856, "25.3 {} (limit: 24.4 {}) — index entries are too long", "x" * 25_000),
    ("ab\n" * 9_000 + "y", "9001 lines and 26.4 {}", "ab\n" * 199 + "ab"),
]


@pytest.mark.parametrize(("text", "said", "kept"), MEMORY_LINES)
def test_memory_beyond_its_limits(text: str, said: str, kept: str, tmp_path: Path) -> None:
    for agent, place, unit in (
        ("claude-code", ".claude/projects", "KB"),
        ("qwen-code", ".qwen/projects", " KB"),
    ):
        home = {f"{place}/{{slug}}/memory/MEMORY.md": text}
        got = arriving(agent, tmp_path / agent, {}, home=home)
        told = f"\n\n> WARNING: MEMORY.md is {said.replace(' {}', unit)}. Only part of it was loaded"
        assert f"\n\n{kept}{told}" in got


def test_openhands_files_of_the_session_folder_come_before_the_roots(tmp_path: Path) -> None:
    files = {
        "AGENTS.md": "lost",
        "CLAUDE.md": "root",
        "GEMINI.md": {"link": "CLAUDE.md"},
        "a/AGENTS.md": "near",
    }
    got = arriving("openhands", tmp_path, files, cwd="a")
    named = re.findall(r"\[BEGIN context from \[(\w+)]]\n(\w+)\n", got)
    assert named == [("agents", "near"), ("gemini", "root")]


@pytest.mark.parametrize("length", [1024, 1025, 1026])
def test_openhands_cuts_long_descriptions_in_their_middle(length: int, tmp_path: Path) -> None:
    words = "".join(chr(97 + at % 26) for at in range(length))
    for number in range(2):
        # So that what is left for the text is an odd number once.
        path = f".agents/skills/s{'s' * number}/SKILL.md"
        got = arriving("openhands", tmp_path / str(number), {path: f"---\ndescription: {words}\n---\n"})
        found = re.search("<description>(.*)</description>", got)
        assert found is not None
        head, notice, tail = re.fullmatch("([a-z]*)(&lt;response.*/NOTE&gt;)?([a-z]*)", found[1]).groups()  # type: ignore[union-attr]
        if length <= 1024:
            assert (head, notice, tail) == (words, None, "")
        else:
            assert words.startswith(head)
            assert words.endswith(tail)
            assert len(head) - len(tail) in {0, 1}


def test_openhands_skills(tmp_path: Path) -> None:
    files = {
        ".agents/skills/b/SKILL.md": '---\nname: b\ndescription: B & "b"\n---\nbody',
        ".agents/skills/b/more.md": "a part of b",
        ".agents/skills/README.md": "no skill",
        ".agents/skills/deep/er/SKILL.md": "---\nname: er\ndescription: too deep\n---\n",
        ".agents/skills/other/SKILL.md": "---\nname: another\ndescription: no such name there\n---\n",
        ".agents/skills/plain.md": "\n----\nname: said\n----\n\nalways\n",
        ".agents/skills/sub/x.md": "always, too",
        ".openhands/microagents/w.md": "---\ntriggers: [Boo, far]\n---\n# Title\n\nFirst words\nmore\n",
        ".openhands/skills/plain.md": "---\nname: said\n---\nof an equal name",
        ".openhands/skills/broken.md": "---\na: b: c\n---\nleft out",
    }
    home = {".openhands/skills/h.md": "the user's"}
    got = arriving("openhands", tmp_path, files, home=home, settings={"prompt": "say boo"})
    sent, rest = got.split("\n  <skill>", 1)
    assert re.findall(r"from \[([\w/]+)]]\n(.*)\n", sent) == [
        ("said", "always"),
        ("sub/x", "always, too"),
        ("h", "the user's"),
    ]
    listed, brought = rest.split("\n<EXTRA_INFO>", 1)
    cut = '... [5 characters truncated. Call invoke_skill(name="w") to load the full skill]'
    assert listed.split("\n  <skill>") == [
        '\n    <name>b</name>\n    <description>B &amp; "b"</description>\n  </skill>',
        f"\n    <name>w</name>\n    <description>First words{cut}</description>\n  </skill>",
    ]
    assert brought == (
        '\nThe following information has been included based on a keyword match for "Boo".\n'
        "It may or may not be relevant to the user's request.\n\n"
        "Skill location: {root}/.openhands/microagents/w.md\n"
        "(Use this path to resolve relative file references in the skill content below)\n\n\n"
        "# Title\n\nFirst words\nmore\n</EXTRA_INFO>"
    )


def test_vibe_skills(tmp_path: Path) -> None:
    def skill(name: str, description: str = "text", more: str = "") -> str:
        return f"---\nname: {name}\ndescription: {description}\n{more}---\nbody\n"

    files = {
        ".vibe/skills/a/SKILL.md": skill("a", "A"),
        ".vibe/skills/b/SKILL.md": "\n-----\nname: b\ndescription: B\n-----\n",
        ".vibe/skills/c/SKILL.md": skill("a_b"),
        ".vibe/skills/d/SKILL.md": skill("d" * 65),
        ".vibe/skills/e/SKILL.md": skill("e", "''"),
        ".vibe/skills/f/SKILL.md": skill("f", "F"),
        ".vibe/skills/f/agents/openai.yaml": "policy:\n  allow_implicit_invocation: false\n",
        ".vibe/skills/g/SKILL.md": skill("vibe", "V"),
        ".vibe/skills/j/SKILL.md": skill("j", "J"),
        ".vibe/skills/j/agents/openai.yaml": "policy:\n  allow_implicit_invocation: [true]\n",
        ".agents/skills/a/SKILL.md": skill("a", "of an equal name"),
        ".agents/skills/h/SKILL.md": skill("h", "H", "disable-model-invocation: true\n"),
    }
    # One that the model may not use by itself takes its name all the same.
    home = {
        ".vibe/skills/h/SKILL.md": skill("h", "of an equal name"),
        ".vibe/skills/i/SKILL.md": skill("i", "I"),
    }
    got = arriving("mistral-vibe", tmp_path, files, home=home)
    assert sorted(re.findall("<description>(.*)</description>", got)) == ["A", "B", "I", "V"]


def test_files_that_vibes_prompt_names(tmp_path: Path) -> None:
    files = {"a b.md": "A\r\n\n", "c.md": "````\n", "d.png": "no", "e.md": "x\n" * 3_000}
    settings = {
        "prompt": "see '@x' @\"a b.md\" (@c.md) @c.md, @d.png @../outside/o.md @e.md",
        "outside": {"o.md": "no"},
    }
    assert arriving("mistral-vibe", tmp_path, files, settings=settings) == "\n".join(
        [
            "\n\nResource: file://{root}/a%20b.md\n````\nA\n\n````",
            "\n\nResource: file://{root}/c.md\n`````\n````\n`````",
            "\n\nResource: file://{root}/e.md\n````\n"
            + "x\n" * 1_999
            + "x\n\n[File mention truncated to fit context limits.]\n````",
        ]
    )


def test_vibe_at_home_and_in_added_folders(tmp_path: Path) -> None:
    files = {
        "AGENTS.md": "R",
        "a/AGENTS.md": "A",
        "b/AGENTS.md": "B",
        "b/.vibe/skills/s/SKILL.md": "---\nname: s\ndescription: S\n---\n",
    }
    settings = {"args": ["--add-dir", "{root}/b"], "trusted": ["{root}"], "untrusted": ["{root}/a"]}
    got = arriving("mistral-vibe", tmp_path, files, cwd="a", settings=settings)
    assert re.findall(r"Contents of (\S+):\n\n(\w)", got) == [
        ("{root}/AGENTS.md", "R"),
        ("{root}/b/AGENTS.md", "B"),
    ]
    assert "<description>S</description>" in got
    at_home: dict[str, Any] = {"env": {"VIBE_HOME": "{root}/.vibe"}, "trusted": ["{root}"]}
    assert arriving(
        "mistral-vibe", tmp_path / "home", {"AGENTS.md": "R", ".vibe/AGENTS.md": "U"}, settings=at_home
    ) == ("## User instructions\n\nContents of {root}/.vibe/AGENTS.md (user-level instructions):\n\nU")


@pytest.mark.parametrize(
    ("texts", "fence"),
    [
        (["x"], ("```", "```")),
        (["x\n```"], ("````", "````")),
        (["````", "</source>"], ("<code>", "</code>")),
        (["````", "<source>\v</code>", "<pre>"], ("<codeblock>", "</codeblock>")),
        (["````\n<source>\n<code>\n<pre>\n<codeblock>\n<sourcecode>"], ("```", "```")),
    ],
)
def test_aiders_fences(texts: list[str], fence: tuple[str, str], tmp_path: Path) -> None:
    files = {f"{at}.md": text for at, text in enumerate(texts)}
    files |= {"i.png": "no text", ".aider.conf.yml": "read: [0.md, 1.md, 2.md, i.png]"}
    got = arriving("aider", tmp_path, files)
    for at, text in enumerate(texts):
        assert f"\n{at}.md\n{fence[0]}\n{text}{fence[1]}\n" in got
    assert "i.png" not in got


@pytest.mark.parametrize(
    ("user", "project", "arrives"),
    [
        ({}, {}, True),
        ({"enableManagedAutoMemory": False}, {}, False),
        ({}, {"enableManagedAutoMemory": False}, False),
        ({"enableManagedAutoMemory": False}, {"enableManagedAutoMemory": True}, True),
    ],
)
def test_qwens_memory_can_be_switched_off(
    user: dict[str, Any], project: dict[str, Any], arrives: bool, tmp_path: Path
) -> None:
    home = {
        ".qwen/memories/MEMORY.md": "of the user",
        ".qwen/projects/{slug}/memory/MEMORY.md": "of the project",
    }
    files = {".qwen/settings.json": json.dumps({"memory": project})}
    got = arriving("qwen-code", tmp_path, files, home=home, settings={"user_settings": {"memory": user}})
    assert re.findall("of the [a-z]+", got) == (["of the user", "of the project"] if arrives else [])


def test_copilots_imports_of_a_hostile_text_are_few() -> None:
    """An import may begin in another: of a long run no more are tried than may name a file."""
    assert len([*imports_in("@a.b," * 100_000)]) < 100
    assert [target for _, _, target in imports_in("@x.md,@a.md @/b.md @" + "c" * 256 + ".md")] == [
        "x.md,@a.md",
        "a.md",
    ]


def test_copilots_fences_end_at_their_own_marks() -> None:
    assert [target for _, _, target in imports_in("```\n@a.md\n~~~\n@b.md\n``` x\n@c.md\n")] == ["c.md"]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        # An empty file brings no empty line, wherever it stands.
        ({".goosehints": "A", "AGENTS.md": "", "a/AGENTS.md": "B"}, "A\nB"),
        # Letters are composed; what a tag character parts is not.
        ({"AGENTS.md": "e\u0301 o\U000e0041\u0308"}, "\u00e9 o\u0308"),
        ({"AGENTS.md": "@x.md\x1c@x.md\u00a0@x.md", "x.md": "X"}, "<x.md X>\x1c@x.md\u00a0<x.md X>"),
        # References on the way are known by how they are written, whichever file they name.
        ({"AGENTS.md": "@a.md", "a.md": "A @b.md", "b.md": "B @a.md"}, "<a.md A <b.md B @a.md>>"),
        ({"AGENTS.md": "@a.md", "a.md": "A @./a.md"}, "<a.md A <./a.md A @./a.md>>"),
        ({"AGENTS.md": "@d/a.md", "d/a.md": "A @d/a.md", "d/d/a.md": "no"}, "<d/a.md A @d/a.md>"),
        (
            {"AGENTS.md": "@d/a.md", "d/a.md": "A @a.md"},
            "<d/a.md A <a.md A @a.md>>",
        ),
        # Paths are followed part by part.
        ({"AGENTS.md": "@none/../x.md @d/../x.md", "x.md": "X", "d/y": ""}, "@none/../x.md <d/../x.md X>"),
        (
            {"AGENTS.md": "@l/../x.md", "d/e/y": "", "d/x.md": "D", "l": {"link": "d/e"}, "x.md": "X"},
            "<l/../x.md D>",
        ),
        (
            {"AGENTS.md": "@README and @Mention, @README.", "README": "R"},
            "<README R> and @Mention, <README R>.",
        ),
        ({"AGENTS.md": "@d/README/", "d/README": "R"}, "@d/README/"),
        (
            {"AGENTS.md": "@.git/x.md @.GIT/x.md", ".git/x.md": "no", ".GIT/x.md": "no"},
            "@.git/x.md @.GIT/x.md",
        ),
        ({"AGENTS.md": "@l.md", "l.md": {"link": ".git/x.md"}, ".git/x.md": "no"}, "@l.md"),
        (
            {"AGENTS.md": "@v/x.md", "v/x.md": "no", "v/HEAD": "", "v/objects/x": "", "v/refs/x": ""},
            "@v/x.md",
        ),
        ({"AGENTS.md": {"link": "d/real.md"}, "d/real.md": "@x.md", "d/x.md": "D", "x.md": "X"}, "<x.md D>"),
        # What is too much ends all that comes after it.
        (
            {"AGENTS.md": "@x.md @big.md @x.md", "x.md": "X", "big.md": "b" * 1_048_576},
            "<x.md X> @big.md @x.md",
        ),
    ],
)
def test_gooses_hints(files: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    got = arriving("goose", tmp_path, files, cwd="a" if "a/AGENTS.md" in files else "")
    assert (
        re.sub(r"--- Content from (\S+) ---\n", r"<\1 ", re.sub(r"\n--- End of \S+ ---", ">", got)) == wanted
    )


def test_gooses_own_hints_and_their_names(tmp_path: Path) -> None:
    home = {
        ".config/goose/config.yaml": "CONTEXT_FILE_NAMES: [HINTS.md, sub/more.md]\n",
        ".config/goose/HINTS.md": "@x.md @../y.md",
        ".config/goose/x.md": "X",
        ".config/y.md": "no",
        ".config/goose/sub/more.md": "@x.md @../x.md",
        ".config/goose/sub/x.md": "S",
    }
    got = arriving("goose", tmp_path, {"HINTS.md": "H", "AGENTS.md": "no"}, home=home)
    assert re.sub(r"--- Content from (\S+) ---\n", r"<\1 ", re.sub(r"\n--- End of \S+ ---", ">", got)) == (
        "<x.md X> @../y.md\n<x.md S> @../x.md\n\n### Project Hints\n"
        "These are hints for working on the project in this directory.\nH"
    )


@pytest.mark.parametrize("names", ["", "AGENTS.md", '["AGENTS.md", 5]', '{"a": 1}'])
def test_gooses_names_that_are_no_list_of_texts_are_its_own(names: str, tmp_path: Path) -> None:
    home = {".config/goose/config.yaml": "CONTEXT_FILE_NAMES: [HINTS.md]\n"}
    settings = {"env": {"CONTEXT_FILE_NAMES": names}}
    files = {"AGENTS.md": "A", ".goosehints": "G", "HINTS.md": "no"}
    assert arriving("goose", tmp_path, files, home=home, settings=settings) == "G\nA"


def test_many_marks_take_no_time(tmp_path: Path) -> None:
    """Half a minute where they were put in order."""
    text = "a" + "\u0301" * 50_000 + "\u0327" * 50_000
    assert arriving("goose", tmp_path, {"AGENTS.md": text}) == text


def test_crushs_files_and_the_users(tmp_path: Path) -> None:
    files = {
        "crush.json": '{"options": {"context_paths": ["./AGENTS.md", "~/h.md", "docs/"]}}',
        "sub/.crush.json": '{"options": {"context_paths": ["$WHERE/v.md", "../up.md", "{root}/up.md"]}}',
        "sub/.crush/crush.json": '{"options": {"context_paths": ["w.md"]}}',
        "up.md": "UP",
        "sub/AGENTS.md": "A",
        "sub/docs/b.md": "B",
        "sub/docs/a/c.md": "C",
        "sub/docs/l": {"link": "../linked"},
        "sub/linked/no.md": "no",
        "sub/.cursor/rules": {"link": "../linked"},
        "sub/v/v.md": "V",
        "sub/w.md": "W",
    }
    home = {
        ".config/crush/CRUSH.md": "user",
        ".config/AGENTS.md": "users",
        ".config/crush/crush.json": '{"options": {"context_paths": ["~/own.md"]}}',
        "own.md": "own",
        "h.md": "h",
    }
    settings = {"env": {"WHERE": "v"}}
    got = arriving("crush", tmp_path, files, home=home, cwd="sub", settings=settings)
    texts = re.findall('<file path="(.*)">\n(.*)\n</file>', got)
    own = [("{home}/.config/AGENTS.md", "users"), ("{home}/.config/crush/CRUSH.md", "user")]
    assert texts[-2:] == own
    assert sorted(texts[:-2]) == [
        ("{home}/own.md", "own"),
        ("{root}/sub/AGENTS.md", "A"),
        ("{root}/sub/AGENTS.md", "A"),
        ("{root}/sub/docs/a/c.md", "C"),
        ("{root}/sub/docs/b.md", "B"),
        ("{root}/sub/v/v.md", "V"),
        ("{root}/sub/w.md", "W"),
        ("{root}/up.md", "UP"),
        ("{root}/up.md", "UP"),
    ]
    assert got.count("# Project-Specific Context") == 1


def test_crushs_user_alone(tmp_path: Path) -> None:
    got = arriving("crush", tmp_path, {}, home={".config/crush/CRUSH.md": "U\n"})
    assert got == (
        "\n\n# User context\nThe following is personal content added by the user that they'd like you to follow no "
        "matter what project you're working in.\n<user_preferences>\n"
        '\n<file path="{home}/.config/crush/CRUSH.md">\nU\n\n</file>\n\n</user_preferences>\n'
    )


def test_crush_does_not_start_with_what_is_no_json(tmp_path: Path) -> None:
    assert arriving("crush", tmp_path, {"AGENTS.md": "A", "crush.json": "{} // no"}) == ""


def test_bytes_that_are_no_utf8_are_each_replaced_in_go(tmp_path: Path) -> None:
    data = base64.b64encode(b"a\xe2\x82b\xff").decode()
    assert "\na\ufffd\ufffdb\ufffd\n" in arriving("crush", tmp_path, {"AGENTS.md": {"base64": data}})


def test_crushs_skills(tmp_path: Path) -> None:
    def skill(name: str, description: str = "text", more: str = "") -> str:
        return f"---\nname: {name}\ndescription: {description}\n{more}---\nbody\n"

    files = {
        ".agents/skills/a/SKILL.md": "\ufeff\r\n" + skill("a", "A & 'a'").replace("\n", "\r\n"),
        ".agents/skills/deep/b/SKILL.md": skill("B", "B"),
        ".agents/skills/c/skill.md": skill("c"),
        ".agents/skills/d/SKILL.md": skill("other"),
        ".agents/skills/e/SKILL.md": skill("e", "x" * 1_025),
        ".agents/skills/f/SKILL.md": skill("f", "\u00e9" * 512),
        ".agents/skills/g/SKILL.md": skill("g", "g", "disable-model-invocation: true\n"),
        ".agents/skills/h_h/SKILL.md": skill("h_h"),
        ".agents/skills/i/SKILL.md": skill("i", "i", "user-invocable: perhaps\n"),
        ".agents/skills/j/SKILL.md": skill("j", "the first"),
        ".claude/skills/j/SKILL.md": skill("j", "the last"),
        ".crush/skills/k/SKILL.md": skill("k"),
        "crush.json": '{"options": {"disabled_skills": ["k"]}}',
    }
    home = {".config/crush/skills/u/SKILL.md": skill("u", "U")}
    got = arriving("crush", tmp_path, files, home=home, cwd="sub")
    assert re.findall("<name>(.*)</name>\n    <description>(.*)</description>", got) == [
        ("u", "U"),
        ("a", "A &amp; &apos;a&apos;"),
        ("B", "B"),
        ("f", "\u00e9" * 512),
        ("j", "the last"),
    ]
    assert "  <skill>\n" in got
    assert "    <location>{root}/.agents/skills/deep/b/SKILL.md</location>\n  </skill>\n" in got


def _attached(got: str) -> list[tuple[str, str]]:
    return re.findall(r'<attachment filePath="\{\w+\}/(.*)">\n(.*)\n</attachment>', got)


def test_copilot_chat_follows_links_when_told(tmp_path: Path) -> None:
    rule = "---\napplyTo: '**'\ndescription: [no](docs/front.md)\n---\n"
    files = {
        ".github/instructions/a.instructions.md": f"{rule}RULE ",
        ".github/copilot-instructions.md": "see `[x](../docs/x.md)`, ![i](../docs/i.md) and #FILE:../docs/y.md "
        "[r](/docs/z.md) [s](https://x/y) [t](../docs/t.md#part) [n](../docs/n.prompt.md) [o](../../outside/o.md)",
        "AGENTS.md": "A [no](docs/no.md)",
        "docs/n.prompt.md": "N [m](m.md) [[a](x.md) #file:x.md",
        "docs/no.md": "no",
        **{f"docs/{name}.md": name.upper() for name in "xyzimt"},
    }
    settings: dict[str, Any] = {"outside": {"o.md": "no"}}
    wanted = [
        (".github/copilot-instructions.md", files[".github/copilot-instructions.md"]),
        ("AGENTS.md", files["AGENTS.md"]),
    ]
    got = arriving("vscode-copilot", tmp_path / "off", files, settings=settings)
    assert _attached(got) == wanted
    settings["chat.includeReferencedInstructions"] = True
    got = arriving("vscode-copilot", tmp_path / "on", files, settings=settings)
    wanted[1:1] = [
        ("docs/x.md", "X"),
        ("docs/y.md", "Y"),
        ("docs/n.prompt.md", files["docs/n.prompt.md"]),
        ("docs/m.md", "M"),
    ]
    assert _attached(got) == wanted


def test_many_brackets_take_no_time(tmp_path: Path) -> None:
    settings = {"chat.includeReferencedInstructions": True}
    for text in ("[" * 200_000, "[](" * 70_000, "[a](b)#file:c" * 20_000):
        assert arriving(
            "vscode-copilot",
            tmp_path / str(len(text)),
            {".github/copilot-instructions.md": text},
            settings=settings,
        )


def test_copilot_chats_names_and_settings(tmp_path: Path) -> None:
    files = {"agents.md": "A", "Claude.md": "C", ".claude/CLAUDE.md": "D", "CLAUDE.local.md": "L"}
    home = {
        ".claude/CLAUDE.md": "U",
        ".config/Code/User/settings.json": '{"chat.useAgentsMdFile": false} // no',
    }
    got = arriving("vscode-copilot", tmp_path / "first", files, home=home)
    assert [text for _, text in _attached(got)] == ["C", "D", "U", "L"]
    settings = {"chat.useAgentsMdFile": True, "chat.useClaudeMdFile": False}
    got = arriving("vscode-copilot", tmp_path / "second", files, home=home, settings=settings)
    assert [text for _, text in _attached(got)] == ["A"]


@pytest.mark.parametrize(
    ("head", "attached", "listed"),
    [
        ("---\napplyTo: '{a,*,b}'\n---\n", False, "<applyTo>{a,*,b}</applyTo>\n"),
        ("---\napplyTo: 'a, *'\n---\n", True, "<applyTo>a, *</applyTo>\n"),
        ("---\napplyTo: ''\ndescription: ''\n---\n", False, ""),
        ("---\napplyTo: ['**']\n---\n", False, ""),
        ("---\napplyTo: **\n", True, "<applyTo>**</applyTo>\n"),
    ],
)
def test_copilot_chats_instructions(head: str, attached: bool, listed: str, tmp_path: Path) -> None:
    path = ".github/instructions/a.instructions.md"
    got = arriving("vscode-copilot", tmp_path, {path: head + "text"})
    assert ("<attachment" in got) is attached
    assert got.endswith(f"<instruction>\n<file>{{root}}/{path}</file>\n{listed}</instruction>")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/p", ""),
        (" /p  some words\nmore ", " with these arguments: some words\nmore"),
        ("p", None),
        ("/q", None),
        ("/../prompts/p", None),
    ],
)
def test_copilot_chats_prompt_files(typed: str, said: str | None, tmp_path: Path) -> None:
    files = {".github/prompts/p.prompt.md": "---\nmode: agent\n---\n\n  P [x](x.md)\n"}
    got = arriving("vscode-copilot", tmp_path, files, settings={"prompt": typed})
    assert got == (
        ""
        if said is None
        else '<attachment id="prompt:p.prompt.md" filePath="{root}/.github/prompts/p.prompt.md">\n'
        f"Prompt instructions file:\nP [x](x.md)\n\n</attachment>\nFollow instructions in #prompt:p.prompt.md{said}"
    )


@pytest.mark.parametrize("token", ["{file:", "{env:"])
def test_many_tokens_without_an_end_take_no_time(token: str, tmp_path: Path) -> None:
    text = token * 30_000
    assert text in arriving("kilo", tmp_path, {"AGENTS.md": text, "kilo.json": f"// {text}"})


@pytest.mark.parametrize(
    ("pattern", "excluded"),
    [
        ("{root}/sub/CLAUDE.md", True),
        ("**/sub/CLAUDE.md", True),
        ("**/sub/**", True),
        ("**/sub/CLAUDE.md/**", True),
        ("{root}/**/CLAUDE.md", True),
        ("{root}/*/CLAUDE.md", True),
        ("{root}/*", False),
        ("sub/CLAUDE.md", False),
        ("**/s?b/[A-D]LAUDE.m*", True),
        ("**/{other,sub}/CLAUDE.md", True),
        ("**/(other|sub)/CLAUDE.md", True),
        ("**/su?(b)/CLAUDE.md", True),
        ("**/sub?(x)/CLAUDE.md", True),
        ("**/su{a..c}/CLAUDE.md", True),
        ("**/{sub/,}CLAUDE.md", True),
        ("!**/sub/**", False),
        ("!**/other/**", True),
        ("**/sub{x}/CLAUDE.md", False),
        # Which nobody writes, and which would take for ever where it is gone back.
        ("/**" * 100 + "/x", False),
        ("**/" + "*a" * 200 + "b", False),
        ("{a,b}" * 90, False),
    ],
)
def test_what_claude_codes_exclusions_mean(pattern: str, excluded: bool, tmp_path: Path) -> None:
    files = {
        "sub/CLAUDE.md": "Text",
        "sub/.claude/settings.json": json.dumps({"claudeMdExcludes": [pattern]}).replace("{root}", "@@"),
        "sub/.claude/rules/" + "a" * 200 + ".md": "Rule",
    }
    name = str((tmp_path / "root").resolve())
    files["sub/.claude/settings.json"] = files["sub/.claude/settings.json"].replace("@@", name)
    assert ("Text" not in arriving("claude-code", tmp_path, files, cwd="sub")) is excluded


def test_what_variables_hold_is_told_to_no_repository(tmp_path: Path) -> None:
    config = {
        "instructions": ["https://example.org/{env:SECRET}", "{env:SECRET}.md", "{env:PLACE}/x.md"],
        "agent": {"a": {"description": "holds {env:SECRET}"}},
    }
    files = {"opencode.json": json.dumps(config), "docs/x.md": "X"}
    settings = {"env": {"SECRET": "s3cret", "PLACE": "docs"}}
    laid = lay(
        Case({"agent": "opencode", "case": "env", "files": files, "settings": settings}), tmp_path.resolve()
    )
    context = laid.load("opencode")
    assert [entry.text for entry in context.entries] == ["X", "holds {env:SECRET}"]
    assert [str(one.path) for one in context.not_loaded] == ["https:/example.org/{env:SECRET}"]
    files = {".env": "AIDER_READ=${SECRET}.md", ".aider.conf.yml": "read: ${SECRET}.md"}
    laid = lay(
        Case({"agent": "aider", "case": "env", "files": files, "settings": settings}), tmp_path.resolve()
    )
    assert "s3cret" not in str(laid.load("aider"))


def test_droids_droids_of_the_first_folder_that_has_any_all_count(tmp_path: Path) -> None:
    def droid(name: str, description: str) -> str:
        return f"---\nname: {name}\ndescription: {description}\n---\nBody\n"

    files = {".factory/droids/a.md": droid("My Droid", "A"), ".factory/droids/b.md": droid("my-droid", "B")}
    home = {".factory/droids/c.md": droid("my droid", "C"), ".factory/droids/d.md": droid("other", "D")}
    got = arriving("factory-droid", tmp_path, files, home=home)
    assert sorted(re.findall(r": (\w) \(location: \w+\)", got)) == ["A", "B", "D"]


@pytest.mark.parametrize(
    ("agent", "name", "mention"),
    [
        ("claude-code", ".claude/commands/c.md", "@x.md#L{}"),
        ("gemini-cli", ".gemini/commands/c.toml", "@{{x.md}}"),
        ("qwen-code", ".qwen/commands/c.md", "@{{x.md}}"),
        ("kilo", "AGENTS.md", "{{file:x.md}}"),
    ],
)
def test_what_a_text_attaches_is_bounded(agent: str, name: str, mention: str, tmp_path: Path) -> None:
    """A file of 200 KB that is named ten thousand times would be 2 GB."""
    named = " ".join(mention.format(number) for number in range(10_000))
    text = f"prompt = '{named}'" if name.endswith(".toml") else named
    files = {name: text, "x.md": "line\n" * 40_000}
    assert len(arriving(agent, tmp_path, files, settings={"prompt": "/c"})) < 10_000_000


@pytest.mark.parametrize(
    ("agent", "name", "values"),
    [
        ("claude-code", ".claude/settings.json", {"permissions": {"deny": [{}, [], 5, "Agent(x)"]}}),
        (
            "claude-code",
            ".claude/settings.json",
            {"env": {"A": []}, "claudeMdExcludes": [5], "outputStyle": {}},
        ),
        ("opencode", "opencode.json", {"agent": {"build": {"prompt": 5}, "a": 5}, "command": {"c": 5}}),
        ("kilo", ".kilo/kilo.json", {"instructions": [{}]}),
        ("crush", "crush.json", {"options": {"context_paths": [{}, 5], "skills_paths": 5}}),
    ],
)
def test_odd_values_in_lists_end_nothing(
    agent: str, name: str, values: dict[str, Any], tmp_path: Path
) -> None:
    files = {name: json.dumps(values), "AGENTS.md": "Text"}
    assert "Text" in arriving(agent, tmp_path, files)
