"""What a message costs besides its text: where that is documented or measured, and nowhere else."""

import pytest

from weighbridge.budget.frames import frame_of
from weighbridge.budget.models import find


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("claude-3-5-sonnet", 7),
        ("claude-opus-4-6", 7),
        ("claude-opus-4-7", 11),
        ("opus", 6),
        ("gpt-4o", 7),
        ("gpt-4o-mini-2024-07-18", 7),
        ("gpt-4o-2024-05-13", 7),
        ("gpt-3.5-turbo-0613", 7),
        ("gpt-4", 7),
        ("ft:gpt-4o:acme::x", 7),
        ("gpt-5", None),
        ("gpt-4.1", None),
        ("gpt-4.5-preview", None),
        ("o3", None),
        ("gemini-2.5-pro", None),
        ("qwen3-coder", None),
        ("grok-4", None),
    ],
)
def test_frames_of_models(name: str, tokens: int | None) -> None:
    model = find(name)
    frame = frame_of(model.encoding, model)
    assert (None if frame is None else frame.tokens) == tokens


@pytest.mark.parametrize(
    ("encoding", "tokens"),
    [("claude-3", 7), ("claude-4.7", 11), ("claude-4.8", 6), ("cl100k_base", None), ("o200k_base", None)],
)
def test_frames_of_encodings(encoding: str, tokens: int | None) -> None:
    frame = frame_of(encoding, None)
    assert (None if frame is None else frame.tokens) == tokens
