"""A file that only one reader can open: a sealed box of libsodium (X25519, XSalsa20, Poly1305).

`zkescrow sealed 1`, a line feed, then the box. Whoever seals is not named and cannot open it again.
A job's data hash is that of the *content*: the reader opens the envelope, then compares.
"""

from prover.base.errors import StatementInvalid

MAGIC = b"zkescrow sealed 1\n"
KEY_BYTES = 32
OVERHEAD_BYTES = len(MAGIC) + 48  # an ephemeral public key and a tag


def sealed(content: bytes, public_key: bytes) -> bytes:
    """The envelope of a content for the owner of an X25519 key (32 bytes)."""
    from nacl.public import PublicKey, SealedBox  # only hand-overs need the library

    return MAGIC + SealedBox(PublicKey(public_key)).encrypt(content)


def is_sealed(content: bytes) -> bool:
    """Whether a file is an envelope; no inputs file in JSON begins like one."""
    return content.startswith(MAGIC)


def opened(envelope: bytes, secret_key: bytes) -> bytes:
    """The content. Raises StatementInvalid if it was sealed to another key, or changed."""
    from nacl.exceptions import CryptoError
    from nacl.public import PrivateKey, SealedBox

    try:
        box = SealedBox(PrivateKey(secret_key))
        return bytes(box.decrypt(envelope.removeprefix(MAGIC)))
    except (CryptoError, ValueError):
        raise StatementInvalid(
            "the inputs file is encrypted, and not to this machine's key, or it was changed: give "
            "the consumer the file of `zkescrow provider key` before it posts"
        ) from None


def public_key_of(secret_key: bytes) -> bytes:
    """The key to which others seal (32 bytes)."""
    from nacl.public import PrivateKey

    return bytes(PrivateKey(secret_key).public_key)
