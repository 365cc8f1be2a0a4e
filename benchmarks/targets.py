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
    "deliver": 88_000,
    "submit": 88_000,
    "answer": 88_000,
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
SLOTS = (
    "fixes provider, payee, deadline and model: three storage slots where a lock has one, two "
    "of them new, at 22,100 each"
)
ITEM_OF = (
    "one item: its path in a tree of 600 leaves, a bit and the first word of a bitmap (22,100, "
    "once in 256 items), counts and an event beyond what a prediction takes"
)
CONTEST = (
    "one item: paths in two trees, the contested list, a bit and the first word of a bitmap, "
    "beyond what a prediction takes"
)
OUTPUTS = "no target: the outputs themselves, in calldata and in the event, and their tree"
LIST = "no target: the contested list, in calldata, hashed and in the event"
KEY = "no target: the key in a slot of its own, and the event"
LIMITS: dict[str, tuple[int, str]] = {
    "accuracy accept": (127_500, SLOTS),
    "accuracy reveal key": (61_000, KEY),
    "accuracy settle key withheld": (60_000, TWO_CREDITS),
    "accuracy settle missed": (63_000, TWO_CREDITS),
    "accuracy settle voided proving": (60_000, TWO_CREDITS),
    "accuracy submit first item": (142_000, ITEM_OF),
    "accuracy submit first 8": (85_000 + 7 * ITEM, BATCH),
    "accuracy submit later 8": (85_000 + 7 * ITEM, BATCH),
    "accuracy submit last 8": (85_000 + 7 * ITEM, BATCH),
    "accuracy submit 8 items again": (85_000 + 7 * ITEM, BATCH),
    "accuracy dispute of 72": (975_000, POSEIDON),
    "accuracy dispute of 1024": (12_600_000, POSEIDON),
    "accuracy dispute per": (12_250, POSEIDON),
    "serving commitOutputs of 256": (365_000, OUTPUTS),
    "serving commitOutputs per byte": (25, OUTPUTS),
    "serving commitOutputs per digit": (1_090, OUTPUTS),
    "serving contest of 59": (140_000, LIST),
    "serving contest per index": (1_270, LIST),
    "serving answer first item": (176_000, CONTEST),
    "serving answer extra": (41_500, "64 public words, and a path of its own in each of two trees"),
    "serving answer first 8": (173_000 + 7 * 41_500, BATCH),
    "serving answer last 8": (173_000 + 7 * 41_500, BATCH),
    "serving answer 8 items again": (173_000 + 7 * ITEM, BATCH),
    "serving settle uncontested": (65_000, TWO_CREDITS),
    "serving settle voided contested": (62_000, TWO_CREDITS),
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
