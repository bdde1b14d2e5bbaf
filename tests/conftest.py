"""What holds for every test."""

import pytest
from hypothesis import HealthCheck, settings

from weighbridge.tokens import fast

# Tests in this process count by tiktoken, as most installations do; processes they start by what is installed. For good,
# and before any test's module is read: some load a tokenizer when they are.
pytest.MonkeyPatch().setattr(fast, "engine", lambda definition: None)

# No test fails for what a clock says.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")
