"""`model add --like`: other hidden weights for a circuit that is there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.base.errors import UsageError
from prover.cli.model import _given, _set_up_like
from prover.clients.common.models import KnownModel
from tests.conftest import Proven


def test_public_weights_are_part_of_their_circuit(proven: Callable[[str], Proven]) -> None:
    known = KnownModel(bytes(32), bytes(32), proven("plain").artifacts)
    with pytest.raises(UsageError, match="--like names a model with public weights"):
        _set_up_like(Path("other.onnx"), known)


def test_a_circuit_of_its_own_is_planned_on_data() -> None:
    assert _given(Path("data.npz")) == Path("data.npz")
    with pytest.raises(UsageError, match="--data is missing"):
        _given(None)
