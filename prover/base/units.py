"""Units of time, of sizes and of gas prices."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30  # bytes
GWEI = 10**9  # wei
