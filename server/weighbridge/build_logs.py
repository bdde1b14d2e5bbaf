"""Findings of `check` in the forms that builds read: SARIF 2.1.0, GitHub's workflow commands, JUnit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from weighbridge import __version__
from weighbridge.content.policy import shown
from weighbridge.terminal import Finding
from weighbridge.uris import path_of

_LEVELS = {"error": "error", "warning": "warning", "information": "note", "hint": "note"}
_COMMANDS = {"error": "error", "warning": "warning", "information": "notice", "hint": "notice"}


def sarif(findings: Sequence[Finding], folder: Path) -> dict[str, Any]:
    """A SARIF log with one run; paths relative to `folder` where they lie in it."""
    codes = sorted({finding.code for finding in findings})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "weighbridge",
                        "version": __version__,
                        "rules": [{"id": code} for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"ROOT": {"uri": f"{folder.as_uri()}/"}},
                "results": [_result(finding, codes, folder) for finding in findings],
            }
        ],
    }


def _result(finding: Finding, codes: Sequence[str], folder: Path) -> dict[str, Any]:
    name = _relative(finding, folder)
    place = {"uri": finding.uri} if name is None else {"uri": quote(name), "uriBaseId": "ROOT"}
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS.get(finding.severity, "none"),
        "message": {"text": shown(finding.message, 1_000)},
        "locations": [
            {"physicalLocation": {"artifactLocation": place, "region": {"startLine": finding.line}}}
        ],
    }


def github(findings: Sequence[Finding], folder: Path) -> str:
    """A workflow command a line, which GitHub shows as annotations of the files."""
    return "".join(f"{_command(finding, folder)}\n" for finding in findings)


def _command(finding: Finding, folder: Path) -> str:
    name = _relative(finding, folder) or str(path_of(finding.uri) or finding.uri)
    command = _COMMANDS.get(finding.severity, "notice")
    properties = f"file={_escaped(name, property_=True)},line={finding.line},title={finding.code}"
    return f"::{command} {properties}::{_escaped(shown(finding.message, 1_000))}"


def _escaped(text: str, *, property_: bool = False) -> str:
    """Text that can't end the command it stands in, nor begin another."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property_ else text


def junit(uris: Sequence[str], findings: Sequence[Finding], folder: Path) -> bytes:
    """A test suite with a case for each document; errors are failures, the rest is its output."""
    suite = ET.Element("testsuite", name="weighbridge", tests=str(len(uris)))
    failures = 0
    for uri in uris:
        own = [finding for finding in findings if finding.uri == uri]
        name = _relative_uri(uri, folder) or uri
        case = ET.SubElement(suite, "testcase", classname="weighbridge", name=shown(name, 1_000))
        errors = [finding for finding in own if finding.severity == "error"]
        if errors:
            failures += 1
            text = "\n".join(_line(finding) for finding in errors)
            ET.SubElement(case, "failure", message=_line(errors[0]), type=errors[0].code).text = text
        rest = [finding for finding in own if finding.severity != "error"]
        if rest:
            ET.SubElement(case, "system-out").text = "\n".join(_line(finding) for finding in rest)
    suite.set("failures", str(failures))
    document: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return document


def _line(finding: Finding) -> str:
    return f"line {finding.line}: {finding.severity}: {shown(finding.message, 1_000)} [{finding.code}]"


def _relative(finding: Finding, folder: Path) -> str | None:
    return _relative_uri(finding.uri, folder)


def _relative_uri(uri: str, folder: Path) -> str | None:
    """A document's path below a folder, None where it lies elsewhere."""
    path = path_of(uri)
    return path.relative_to(folder).as_posix() if path is not None and folder in path.parents else None
