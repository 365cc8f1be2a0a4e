"""Where a circuit's files are, by name alone: quick to import."""

from pathlib import Path

MANIFEST, MODEL = "manifest.json", "model.onnx"  # of any proof system
PK = "pk.key"


def directory_name(digest: bytes, weights_commitment: int) -> str:
    """The artifact digest, and for hidden weights the start of their commitment."""
    return digest.hex() + (f"-{weights_commitment:064x}"[:17] if weights_commitment else "")


def with_proving_key(artifacts: Path) -> frozenset[str]:
    """Names of the directories that hold a proving key; what it is, nobody has looked at."""
    return frozenset(path.parent.name for path in artifacts.glob(f"[0-9a-f]*/{PK}"))
