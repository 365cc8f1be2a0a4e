"""Where a circuit's files are, by name alone: quick to import."""

from pathlib import Path

MANIFEST, MODEL = "manifest.json", "model.onnx"  # of any proof system
PK, NATIVE_PK = "pk.key", "keys/proving.key"  # of ezkl, and of native circuits


def directory_name(digest: bytes, weights_commitment: int) -> str:
    """The artifact digest, and for hidden weights the start of their commitment."""
    return digest.hex() + (f"-{weights_commitment:064x}"[:17] if weights_commitment else "")


def with_proving_key(artifacts: Path) -> frozenset[str]:
    """Names of the directories that hold a proving key; what it is, nobody has looked at."""
    found = (one for name in (PK, NATIVE_PK) for one in artifacts.glob(f"[0-9a-f]*/{name}"))
    return frozenset(path.relative_to(artifacts).parts[0] for path in found)
