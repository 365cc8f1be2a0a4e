"""How many samples a statement about the rest needs."""

from math import ceil, log

from prover.errors import StatementInvalid


def contest_sample(bad_share: float, confidence: float) -> int:
    """Random items of which at least one is wrong with this confidence, if so large a share is.

    ceil(ln(1 - confidence) / ln(1 - bad_share)), drawn with replacement: an upper bound for draws
    without it. Both lie above 0 and below 1, or StatementInvalid is raised.
    """
    for name, value in (("share of wrong answers", bad_share), ("confidence", confidence)):
        if not 0 < value < 1:
            raise StatementInvalid(f"a {name} of {value}: above 0 and below 1 is allowed")
    return ceil(round(log(1 - confidence) / log(1 - bad_share), 9))
