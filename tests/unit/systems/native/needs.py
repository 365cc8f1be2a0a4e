"""What tests of native circuits need and may not find: the Rust engine."""

import importlib.util

import pytest

needs_engine = pytest.mark.skipif(
    importlib.util.find_spec("zkescrow_native") is None,
    reason="the Rust engine is not installed (no cargo)",
)
