"""Findings as builds read them: whole values, and nothing that a file's name could slip in."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from weighbridge import __version__
from weighbridge.build_logs import github, junit, sarif
from weighbridge.terminal import Finding

FOLDER = Path("/repo")
OVER = Finding("file:///repo/a%20b.prompt.md", 1, "warning", "budget", "1,300 of 1,000 tokens")
BROKEN = Finding("file:///repo/docs/c.md", 7, "error", "reference.not-found", "x.md: not found")
OUTSIDE = Finding("file:///elsewhere/d.md", 2, "information", "settings.invalid", "budget=x: no number")


def test_sarif() -> None:
    assert sarif([OVER, OUTSIDE], FOLDER) == {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "weighbridge",
                        "version": __version__,
                        "rules": [{"id": "budget"}, {"id": "settings.invalid"}],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"ROOT": {"uri": "file:///repo/"}},
                "results": [
                    {
                        "ruleId": "budget",
                        "ruleIndex": 0,
                        "level": "warning",
                        "message": {"text": "1,300 of 1,000 tokens"},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "a%20b.prompt.md", "uriBaseId": "ROOT"},
                                    "region": {"startLine": 1},
                                }
                            }
                        ],
                    },
                    {
                        "ruleId": "settings.invalid",
                        "ruleIndex": 1,
                        "level": "note",
                        "message": {"text": "budget=x: no number"},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": "file:///elsewhere/d.md"},
                                    "region": {"startLine": 2},
                                }
                            }
                        ],
                    },
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (OVER, "::warning file=a b.prompt.md,line=1,title=budget::1,300 of 1,000 tokens\n"),
        (BROKEN, "::error file=docs/c.md,line=7,title=reference.not-found::x.md: not found\n"),
        (OUTSIDE, "::notice file=/elsewhere/d.md,line=2,title=settings.invalid::budget=x: no number\n"),
        (
            Finding("file:///repo/a%2Cb%3A%3A%0A%3A%3Aset.md", 1, "error", "budget", "50%\n::stop"),
            "::error file=a%2Cb%3A%3A%0A%3A%3Aset.md,line=1,title=budget::50%25\N{REPLACEMENT CHARACTER}::stop\n",
        ),
    ],
)
def test_github(finding: Finding, line: str) -> None:
    assert github([finding], FOLDER) == line


def test_junit() -> None:
    suite = ET.fromstring(junit([OVER.uri, BROKEN.uri, "file:///repo/fine.md"], [OVER, BROKEN], FOLDER))
    assert suite.attrib == {"name": "weighbridge", "tests": "3", "failures": "1"}
    assert [(case.get("name"), [(part.tag, part.text) for part in case]) for case in suite] == [
        ("a b.prompt.md", [("system-out", "line 1: warning: 1,300 of 1,000 tokens [budget]")]),
        ("docs/c.md", [("failure", "line 7: error: x.md: not found [reference.not-found]")]),
        ("fine.md", []),
    ]
