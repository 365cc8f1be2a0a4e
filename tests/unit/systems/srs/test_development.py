"""The development set-up: one public seed, byte for byte alike with the Rust engine and without."""

from pathlib import Path

import pytest
from Crypto.Cipher import ChaCha20

from prover.base.files import sha256_file
from prover.statement.field import FIELD_MODULUS
from prover.systems.srs.development import SECRET, SEED, write, write_plainly
from prover.systems.srs.known import named
from prover.verify.algebra.group import bn128

LOGROWS = [1, 4, 9]


def test_the_secret_is_drawn_from_the_seed_and_published() -> None:
    stream = ChaCha20.new(key=SEED, nonce=bytes(8)).encrypt(bytes(64))
    assert int.from_bytes(stream, "little") % FIELD_MODULUS == SECRET
    x, y = bn128.normalize(bn128.multiply(bn128.G2, SECRET))
    assert named("development").s_g2 == (tuple(x.coeffs), tuple(y.coeffs))
    assert "INSECURE" in named("development").what


@pytest.mark.parametrize("logrows", LOGROWS)
def test_plain_python_gives_the_published_file(tmp_path: Path, logrows: int) -> None:
    write_plainly(str(tmp_path / "srs"), logrows)
    assert sha256_file(tmp_path / "srs") == named("development").sha256[logrows]


@pytest.mark.parametrize("logrows", [*LOGROWS, 12])
def test_the_engine_gives_the_published_file(tmp_path: Path, logrows: int) -> None:
    pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")
    write(str(tmp_path / "srs"), logrows)
    assert sha256_file(tmp_path / "srs") == named("development").sha256[logrows]
