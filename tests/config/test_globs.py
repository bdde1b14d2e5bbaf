"""Globs: which paths are prompts; equal to the ignore files' rules; and never slow, whatever they hold."""

import itertools
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from weighbridge.config import DEFAULT_INCLUDE, matches
from weighbridge.config.globs import glob_fault
from weighbridge.name_patterns import fits

PROMPTS = """
    prompt.md  prompts.md  system-prompt.md  my_prompt_v2.md  src/agents/planner.prompt.md  docs/a.prompt.md
    prompt.txt  src/system_prompt.txt  greet.prompt  app/templates/greet.prompt
    prompts/a.md  prompts/a.txt  prompts/deep/er/a.md  src/app/prompts/review.md  .github/prompts/fix.prompt.md
    CLAUDE.md  CLAUDE.local.md  packages/web/CLAUDE.md  .claude/CLAUDE.md  .claude/rules/style.md
    .claude/commands/review.md  .claude/agents/tester.md  .claude/skills/pdf/SKILL.md  skills/pdf/SKILL.md
    AGENTS.md  services/api/AGENTS.md  AGENTS.override.md  AGENT.md  GEMINI.md  QWEN.md
    .cursorrules  .cursor/rules/base.mdc  web/.cursor/rules/nested/ui.mdc  .windsurfrules  .windsurf/rules/a.md
    .clinerules  .clinerules/a.md  .clinerules/deep/a.txt  .continue/rules/a.md  .kiro/steering/product.md
    .rules  .goosehints  .github/copilot-instructions.md  .github/instructions/python.instructions.md
    .agents/rules/a.md  .roo/rules/a.md  .roorules  .cursor/commands/fix.md  .opencode/agent/a.md  CRUSH.md
    .gemini/commands/git/fix.toml  plugins/review/agents/a.md  plugins/review/commands/fix.md  docs/CLAUDE.md
    docs/prompts/a.md  .github/agents/reviewer.agent.md  .github/chatmodes/plan.chatmode.md  .codex/prompts/fix.md
"""

OTHERS = """
    README.md  docs/index.md  CHANGELOG.md  src/main.py  prompt.py  src/prompts/loader.py  prompts/schema.json
    prompts.md.bak  claude.md.txt  docs/CLAUDE.md.orig  NOT_AGENTS.md  agents.md  AGENTS.txt  SKILLS.md  skill.md
    .claude/settings.json  claude/rules/style.md  .cursor/mcp.json  cursor/rules/base.mdc  .cursor/rules/base.txt
    .windsurf/a.md  .continue/config.yaml  .kiro/specs/a.md  rules  rules.md  .github/workflows/ci.yml
    .github/CONTRIBUTING.md  copilot-instructions.md  instructions.md  agent.md  src/impromptu.txt.gz  .codex/config.toml
    prompt-examples.md  docs/prompt-guide.md  website/prompt-library.md  docs/guide/prompting.md  agents/a.md
    PROMPT.rst  package.json  LICENSE
"""


@pytest.mark.parametrize("path", PROMPTS.split())
def test_prompts_are_included_by_default(path: str) -> None:
    assert matches(path, DEFAULT_INCLUDE)


@pytest.mark.parametrize("path", OTHERS.split())
def test_other_files_are_not(path: str) -> None:
    assert not matches(path, DEFAULT_INCLUDE)


@pytest.mark.parametrize(
    ("path", "patterns", "expected"),
    [
        ("a.md", (), False),
        ("a.md", ("*.md",), True),
        ("x/a.md", ("*.md",), True),
        ("x/a.md", ("/*.md",), False),
        ("x/a.md", ("x/*.md",), True),
        ("y/x/a.md", ("x/*.md",), False),
        ("y/x/a.md", ("**/x/*.md",), True),
        ("x/a.md", ("**/x/*.md",), True),
        ("x/y/a.md", ("x/*.md",), False),
        ("x/y/a.md", ("x/**/*.md",), True),
        ("x/a.md", ("x/**/*.md",), True),
        # A folder stands for all in it; with a slash at the end, only a folder.
        ("x/y/a.md", ("x",), True),
        ("x/y/a.md", ("y/",), True),
        ("x", ("x/",), False),
        ("x/y/a.md", ("x/**",), True),
        ("x", ("x/**",), False),
        ("x/a", ("x/**/",), False),
        ("x/y/a", ("x/**/",), True),
        # The last pattern that speaks of it decides.
        ("old/a.md", ("*.md", "!old/"), False),
        ("old/a.md", ("!old/", "*.md"), True),
        ("old/a.md", ("*.md", "!old/", "old/a.md"), True),
        ("new/a.md", ("*.md", "!old/"), True),
        # Characters.
        ("a1.md", ("a[0-9].md",), True),
        ("ax.md", ("a[0-9].md",), False),
        ("ax.md", ("a[!0-9].md",), True),
        ("ax.md", ("a[^0-9].md",), True),
        ("a].md", ("a[]].md",), True),
        ("a-.md", ("a[x-].md",), True),
        ("a*.md", ("a[*].md",), True),
        ("ab.md", ("a[*].md",), False),
        ("a[.md", ("a[.md",), True),
        ("am.md", ("a[z-a].md",), False),
        ("ab.md", ("a?.md",), True),
        ("a.md", ("a?.md",), False),
        ("a+(b).md", ("a+(b).md",), True),
        ("a\n.md", ("*.md",), True),
        ("aaab", ("a*ab",), True),
        ("ab", ("a*ab",), False),
        ("A.md", ("a.md",), False),
        ("größe.md", ("gr?ße.md",), True),
        ("a//b", ("a/b",), False),
        ("x/" * 255 + "a.md", ("*.md",), True),
        ("x/" * 256 + "a.md", ("*.md",), False),
        # What can't be read speaks of nothing.
        ("a.md", ("!", "", "/", "//", "a\\.md", "x" * 501), False),
        ("a.md", ("*.md", "!"), True),
    ],
)
def test_patterns(path: str, patterns: tuple[str, ...], expected: bool) -> None:
    assert matches(path, patterns) == expected


PARTS = st.sampled_from(
    ["a", "b", "ab", "*", "**", "?", "a*", "*b", "*a*b", "[ab]", "[!a]", "a?b", "a.b", "**a"]
)
PATTERNS = st.builds(
    lambda not_, slash, parts, end: f"{not_}{slash}{'/'.join(parts)}{end}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PARTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "", "/"]),
)
# Git finds nothing in `a` for `a/**/` but its folders' contents; pathspec finds its files too.
PATTERNS = PATTERNS.filter(lambda pattern: not pattern.endswith("**/"))
PATHS = st.lists(
    st.text("ab.", min_size=1, max_size=4).filter(lambda name: name.strip(".")), min_size=1, max_size=5
).map("/".join)


def slow_matches(path: str, patterns: list[str]) -> bool:
    """Each pattern by itself as in an ignore file; the last that speaks of the path decides."""
    speaking = [
        pattern
        for pattern in patterns
        if GitIgnoreSpec.from_lines([pattern.removeprefix("!")]).match_file(path)
    ]
    return bool(speaking) and not speaking[-1].startswith("!")


@settings(max_examples=300)
@given(st.lists(PATTERNS, max_size=3), st.lists(PATHS, min_size=1, max_size=8))
def test_a_pattern_means_what_it_means_in_an_ignore_file(patterns: list[str], paths: list[str]) -> None:
    assert [(path, matches(path, patterns)) for path in paths] == [
        (path, slow_matches(path, patterns)) for path in paths
    ]


@settings(max_examples=150)
@given(st.lists(st.text(max_size=12) | PATTERNS, max_size=4), st.text(max_size=20) | PATHS)
def test_any_pattern_and_path_get_an_answer(patterns: list[str], path: str) -> None:
    assert matches(path, patterns) in {True, False}
    # Those that settings refuse speak of nothing.
    good = [pattern for pattern in patterns if glob_fault(pattern) is None]
    assert matches(path, good) == matches(path, patterns)


HOSTILE = [
    "*a" * 249 + "c",
    "a*" * 249 + "c",
    "**/" * 31 + "c",
    "**/a/" * 15 + "c",
    "*/" * 31 + "c",
    "**/*a*" * 31 + "c",
    "?*" * 249 + "c",
    "[ab]*" * 99 + "c",
]
LONG = ["a" * 255, "/".join("a" * 256), "/".join(["a" * 255] * 15), "/".join(["ab"] * 250)]


@pytest.mark.parametrize(("pattern", "path"), [*itertools.product(HOSTILE, LONG)])
def test_patterns_that_would_take_others_longer_than_the_universe_lasts(pattern: str, path: str) -> None:
    assert glob_fault(pattern) is None
    assert not matches(path, [pattern])


NAME_PARTS = st.lists(st.sampled_from([*"ab/.?*", "[ab]", "[!a]", "[a-b]"]), max_size=8).map("".join)


@settings(max_examples=300)
@given(NAME_PARTS, st.text("abc/?.", max_size=8))
def test_a_pattern_of_names_means_what_the_shell_says(pattern: str, name: str) -> None:
    assert fits(name, pattern) == fnmatchcase(name, pattern)


@pytest.mark.parametrize("pattern", ["*a" * 99 + "c", "*" + "?" * 196 + "b*c", "*[ab]" * 39 + "c"])
def test_names_are_matched_without_going_back(pattern: str) -> None:
    assert not fits("https://api.example/" + "a" * 3980, pattern)
