"""How many samples a statement about the rest needs, and what a sample supports.

One-sided, with confidence 95 % unless said otherwise.
"""

from math import ceil, exp, lgamma, log, log1p, sqrt

from prover.base.errors import StatementInvalid

CONFIDENCE = 0.95
_HALVINGS = 60  # of an interval of length 1: below what a float tells apart
_NEGLIGIBLE = 1e-18


def contest_sample(bad_share: float, confidence: float) -> int:
    """Random items of which at least one is wrong with this confidence, if so large a share is.

    ceil(ln(1 - confidence) / ln(1 - bad_share)), drawn with replacement: an upper bound for draws
    without it. Both lie above 0 and below 1, or StatementInvalid is raised.
    """
    _check_share("share of wrong answers", bad_share)
    _check_share("confidence", confidence)
    return ceil(round(log(1 - confidence) / log(1 - bad_share), 9))


def hoeffding_sample(margin: float, confidence: float = CONFIDENCE) -> int:
    """Test items whose accuracy is too high by `margin` or more in at most 1 - confidence of cases.

    ceil(ln(1 / (1 - confidence)) / (2 margin^2)), whatever the true accuracy (Hoeffding 1963).
    """
    _check_share("margin", margin)
    _check_share("confidence", confidence)
    return ceil(round(-log(1 - confidence) / (2 * margin * margin), 9))


def hoeffding_margin(n: int, confidence: float = CONFIDENCE) -> float:
    """The inverse of `hoeffding_sample`: the margin that n test items support."""
    _check_counts(0, n)
    _check_share("confidence", confidence)
    return sqrt(-log(1 - confidence) / (2 * n))


def accuracy_at_least(right: int, n: int, confidence: float = CONFIDENCE) -> float:
    """The exact binomial bound (Clopper and Pearson 1934).

    A model of lower true accuracy gets `right` or more of n items right in less than
    1 - confidence of all cases.
    """
    _check_counts(right, n)
    _check_share("confidence", confidence)
    low, high = 0.0, right / n
    for _ in range(_HALVINGS if right else 0):
        middle = (low + high) / 2
        low, high = (middle, high) if _tail(right, n, middle) < 1 - confidence else (low, middle)
    return low


def needed(n: int, num: int, den: int) -> int:
    """The fewest right items of n that reach the target num / den."""
    return -(-num * n // den)


def supports(n: int, right: int, confidence: float = CONFIDENCE) -> tuple[str, ...]:
    """What `right` right answers of n support, as text, and what they do not."""
    target, margin = right / n, hoeffding_margin(n, confidence)
    exact = accuracy_at_least(right, n, confidence)
    return (
        f"if the test set is an i.i.d. sample, a model that passes ({right} of {n}, {target:.1%}) "
        f"has a true accuracy above {max(target - margin, 0):.1%} with {confidence:.0%} for one "
        f"attempt (Hoeffding: the target less {margin:.1%}), above {exact:.1%} by the exact "
        "binomial bound",
        "not supported: several attempts, by one provider or many, on the same items; items that "
        "were chosen, or that the model has seen; accuracy on other kinds of input. Counted is the "
        "accuracy of the quantised circuit on the labels as given",
    )


def _tail(right: int, n: int, accuracy: float) -> float:
    """P(at least `right` of n), summed from its largest term on; for right >= accuracy * n."""
    if right <= 0:
        return 1.0
    if not 0 < accuracy < 1 or right > n:
        return float(accuracy >= 1 and right <= n)
    chosen = lgamma(n + 1) - lgamma(right + 1) - lgamma(n - right + 1)
    term = exp(chosen + right * log(accuracy) + (n - right) * log1p(-accuracy))
    total, odds = term, accuracy / (1 - accuracy)
    for k in range(right, n):
        term *= (n - k) / (k + 1) * odds
        total += term
        if term < _NEGLIGIBLE * total:
            break
    return min(total, 1.0)


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise StatementInvalid(f"a {name} of {value}: expected above 0 and below 1")


def _check_counts(right: int, n: int) -> None:
    if n < 1 or not 0 <= right <= n:
        raise StatementInvalid(f"{right} right answers of {n}: expected 0 to n of 1 or more")
