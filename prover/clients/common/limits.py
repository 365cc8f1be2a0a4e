"""Times that providers keep to, whatever the protocol."""

LOCK_SECONDS = 2  # a lock takes a block or two to be mined


TIME_FACTOR = 2  # proving is given twice the time that it takes
