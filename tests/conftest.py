"""What holds for every test."""

import pytest

from weighbridge.tokens import fast


@pytest.fixture(autouse=True)
def _tiktoken_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests in this process count by tiktoken, as most installations do; processes they start by what is installed."""
    monkeypatch.setattr(fast, "engine", lambda definition: None)
