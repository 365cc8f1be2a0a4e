"""The stages of making keys and of proving, and how long each takes in proportion.

A stage's share is its part of the whole in the measured run of EfficientNet-Lite0
(benchmarks/results/imagenet.json; reading its keys, 1.4 GB, was timed by itself on a busier
machine, and is taken in proportion).
"""

from collections.abc import Mapping

RUNNING, READING, VERIFYING = "running the network", "reading the keys", "verifying the proof"
# Stages of the engine, as it names them.
ENGINE = ("cells", "sums", "copies", "quotient", "evaluations", "opening")
# Seconds, in order.
PROVING: Mapping[str, float] = {
    RUNNING: 1.5,
    READING: 6.7,
    **dict(zip(ENGINE, (10.3, 35.3, 6.2, 60.1, 1.4, 5.8), strict=True)),
    VERIFYING: 0.1,
}
PLACING, CHECKING, KEYS = "placing the network", "checking the circuit", "making the keys"
SETTING_UP: Mapping[str, float] = {PLACING: 13.5, CHECKING: 16.7, KEYS: 19.7}
