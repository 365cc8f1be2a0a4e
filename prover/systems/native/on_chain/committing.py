"""What a proof about an image will commit to, before there is one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from eth_utils.crypto import keccak

from prover.base.files import scratch_folder
from prover.statement.commitment import input_commitment
from prover.statement.documents.inputs_file import Item
from prover.statement.sealing import Chunks
from prover.systems import srs, worker
from prover.systems.native.artifacts import NativeArtifacts
from prover.systems.native.hiding import image as hiding
from prover.systems.native.packing import chunks_of
from prover.systems.native.prover import digests_of, words_of
from prover.systems.native.setup import TASKS
from prover.systems.worker import Limits


def commitments(made: NativeArtifacts, items: Sequence[Item], limits: Limits) -> list[bytes]:
    """keccak256 of each image's point or digests, hidden by the item's salt."""
    if not items:
        return []
    if made.manifest.inputs == "hashed":
        return [input_commitment(_digests(made, item)) for item in items]
    return [bytes(keccak(point)) for point in _points(made, items, limits)]


def _digests(made: NativeArtifacts, item: Item) -> list[int]:
    return digests_of(made, _shaped(made, item), digest_salts(made, item))


def digest_salts(made: NativeArtifacts, item: Item) -> tuple[int, ...]:
    """The salts of an item's digests: given, or from the seed that its salt is."""
    if item.digest_salts:
        return item.digest_salts
    return hiding.secrets_of(hiding.seed_of(item.salt), 0, made.placed.digests).chunks


def chunks(made: NativeArtifacts, item: Item) -> Chunks:
    """What each digest of an item hashes: words, then a salt."""
    words = words_of(made, _shaped(made, item))
    return chunks_of(words, digest_salts(made, item))


def _points(made: NativeArtifacts, items: Sequence[Item], limits: Limits) -> list[bytes]:
    """In one child process, which reads the set-up once."""
    reference = srs.file_of(made.manifest.srs, made.layout.k)
    with scratch_folder() as folder:
        source: Path = folder / "images.npy"
        np.save(source, np.stack([_shaped(made, item) for item in items]))
        arguments = {
            "directory": str(made.directory),
            "images": str(source),
            "seeds": [hiding.seed_of(item.salt).hex() for item in items],
            "srs": str(reference),
        }
        answer = worker.run(f"{TASKS}:commit_images", arguments, limits)
        return [bytes.fromhex(point) for point in answer["points"]]


def _shaped(made: NativeArtifacts, item: Item) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    source = made.network.input
    values = np.array(item.values, dtype=np.int64)
    return values.reshape(source.channels, source.height, source.width)
