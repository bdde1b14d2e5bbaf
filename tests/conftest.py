"""What holds for every test."""

import pytest

from weighbridge.tokens import fast

# Tests in this process count by tiktoken, as most installations do; processes they start by what is installed. For good,
# and before any test's module is read: some load a tokenizer when they are.
pytest.MonkeyPatch().setattr(fast, "engine", lambda definition: None)
