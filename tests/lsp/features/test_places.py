"""What stands at a place: a reference from its first character to the cursor right behind its last."""

from pathlib import Path

from tests.session.harness import a_session

from weighbridge.lsp.features.places import reference_at

TEXT = "😀 {{a}} @b.md{{c}}\n{{d}}\n"


async def test_a_reference_ends_behind_its_last_character(tmp_path: Path) -> None:
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, TEXT)
        await session.queries.ready(document)

        def targets(line: int) -> list[str]:
            units = len(TEXT.split("\n")[line].encode("utf-16-le")) // 2
            found = [reference_at(document, line, character) for character in range(units + 2)]
            return ["-" if one is None else one[0].target for one in found]

        # Where two touch, the cursor between them is at the second.
        c = ["c"] * 6
        assert targets(0) == ["-"] * 3 + ["a"] * 6 + ["b.md"] * 5 + c + ["-"]
        assert targets(1) == ["d"] * 6 + ["-"]
