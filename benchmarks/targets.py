"""What a transaction of each kind may cost: the targets of docs/SPEC.md section 10.

They are for one transaction of its own (21,000 and the calldata of its arguments included), without
the verifier's run and the calldata of proof and instances, where accounts have credits already.
"""

# By the beginning of a measurement's name without its protocol; the longest that fits counts.
TARGETS = {
    "post": 140_000,
    "lock": 100_000,
    "accept": 100_000,
    "join": 100_000,
    "deliver": 85_000,
    "submit": 85_000,
    "answer": 85_000,
    "deliver extra": 40_000,
    "submit extra": 40_000,
    "answer extra": 40_000,
    "refund": 55_000,
    "settle": 55_000,
    "cancel": 55_000,
    "withdraw": 55_000,
}
ITEM = 40_000

# What is above its target, or has none: the limit, and the reason, which was measured.
BATCH = "one item and seven more, each at its target"
TWO_CREDITS = "credits two accounts: a second slot and event"
RECORD = (
    "the path in a tree of 569 leaves, the dataset's two slots, a bit and an event beyond what a "
    "prediction takes; the first bit of a word of a bitmap costs 17,100 more, once in 256 records"
)
POSEIDON = "no target: decrypts and hashes the whole item, at 11,400 gas an element by Poseidon"
LIMITS: dict[str, tuple[int, str]] = {
    "prediction deliver batch of 8": (85_000 + 7 * ITEM, BATCH),
    "prediction refund voided locked": (58_000, TWO_CREDITS),
    "retrieval commitDataset": (75_000, "no target: two new slots and the event"),
    "retrieval submit first record without": (132_000, RECORD),
    "retrieval submit first record with": (158_000, RECORD + "; a match has a second bitmap"),
    "retrieval submit first 8": (85_000 + 7 * ITEM, BATCH),
    "retrieval submit later 8": (85_000 + 7 * ITEM, BATCH),
    "retrieval submit last 8": (85_000 + 7 * ITEM, BATCH),
    "retrieval submit 8 records again": (85_000 + 7 * ITEM, BATCH),
    "retrieval settle incomplete": (64_000, TWO_CREDITS),
    "retrieval settle voided accepted": (63_000, TWO_CREDITS),
    "retrieval dispute of 72": (975_000, POSEIDON),
    "retrieval dispute of 1024": (12_600_000, POSEIDON),
    "retrieval dispute per": (12_250, POSEIDON),
}


def limit(name: str) -> tuple[int, str]:
    """The most that a measurement may be, and why it is not the target, if it is not.

    Raises KeyError if it has neither a target nor a limit of its own.
    """
    own = [known for known in LIMITS if name.startswith(known)]
    if own:
        return LIMITS[max(own, key=len)]
    move = name.partition(" ")[2]
    known = [start for start in TARGETS if move.startswith(start)]
    return TARGETS[max(known, key=len, default=move)], ""
