"""Numbers as people read them."""


def percent(share: float) -> str:
    """Return a share, 0 to 1, as people read it."""
    return f"{100 * share:.0f} %"


def percent_down(probability: float) -> str:
    """Return a probability in whole percent, rounded down: what misses a bound must not read as if it met it."""
    return f"{int(100 * probability)} %"


def fixed(number: float, digits: int = 0) -> str:
    """Return a number with so many digits after the point."""
    return f"{number:.{digits}f}"
