"""Format numbers, shares, times and names for people."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

#: Shown for a missing value.
NOTHING = "\u2013"
#: Up to this number TFDV counts distinct values; above, it estimates them within about 1 percent.
_EXACT = 16_384
_MINUS = "\u2212"
#: Marks an estimate.
ABOUT = "\u2248 "
#: Characters that HTML cannot contain (control characters, lone surrogates) or that change how a
#: text is displayed (direction overrides).
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Replace characters that a page cannot or must not contain by U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", text)


def short(text: object, length: int = 60) -> str:
    """Shorten `text` to at most `length` characters, in its middle."""
    whole = str(text)
    if len(whole) <= length:
        return whole
    tail = length // 3
    return f"{whole[: length - tail - 1]}\u2026{whole[-tail:]}"


def integer(value: float | None) -> str:
    """Format a count with thousands separated."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:,.0f}"


def distinct(value: int | None, of: int) -> str:
    """Format a number of distinct values; marked as estimated above `_EXACT`."""
    if value is None or value <= _EXACT:
        return integer(value)
    return f"{ABOUT}{min(value, of):,}"


def number(value: float | None, digits: int = 4) -> str:
    """Format a number in `digits` significant digits.

    Whole numbers below a billion stay whole.
    """
    if value is None:
        return NOTHING
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("\u221e" if value > 0 else f"{_MINUS}\u221e")
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e9 and value == round(value):
        text = f"{size:,.0f}"
    elif size >= 1e7 or size < 1e-4:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    else:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{size:,.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{_MINUS}{text}" if value < 0 else text


def exactly(value: float) -> str:
    """Format a number with all digits that tell it from its neighbours, and thousands separated."""
    if not math.isfinite(value):
        return number(value)
    size = abs(value)
    text = f"{size:,.0f}" if size == round(size) and size < 1e15 else repr(size)
    if "e" not in text and "," not in text and size >= 1000:
        whole, _, rest = text.partition(".")
        text = f"{int(whole):,}.{rest}"
    return f"{_MINUS}{text.replace('e+', 'e')}" if value < 0 else text.replace("e+", "e")


def fixed(value: float | None, decimals: int = 4) -> str:
    """Format a number with fixed decimals, so that columns line up."""
    if value is None or not math.isfinite(value):
        return number(value)
    if abs(value) >= 10_000:
        return number(value, 5)
    return f"{value:.{decimals}f}".replace("-", _MINUS)


def signed(value: float | None, decimals: int = 4) -> str:
    """Format a difference with its sign and fixed decimals."""
    if value is None or not math.isfinite(value):
        return number(value)
    text = fixed(value, decimals)
    return text if value <= 0 else f"+{text}"


def percent(share: float | None, decimals: int = 1) -> str:
    """Format a share of one in percent.

    A share near 0 or 1 is never rounded to 0 or 100.
    """
    if share is None or not math.isfinite(share):
        return NOTHING
    if share in (0, 1):
        return f"{share:.0%}"
    written = f"{share * 100:.{decimals}f}%"
    least = 10.0**-decimals
    ends = {
        f"{0:.{decimals}f}%": f"<{least:.{decimals}f}%",
        f"{100:.{decimals}f}%": f">{100 - least:.{decimals}f}%",
    }
    return ends.get(written, written)


def apart(
    values: Sequence[float], write: Callable[[float, int], str], digits: int, most: int = 17
) -> list[str]:
    """Format the figures of one sentence, so that different ones look different.

    Args:
        values: The figures.
        write: Formats a figure with a number of digits.
        digits: The least number of digits.
        most: The greatest.
    """
    texts = [write(v, digits) for v in values]
    while digits < most and len(set(texts)) < len(set(values)):
        digits += 1
        texts = [write(v, digits) for v in values]
    return texts


def percents(*shares: float) -> list[str]:
    """Format the shares of one sentence, so that different ones look different."""
    return apart(shares, percent, 1, most=6)


def seconds(value: float | None) -> str:
    """Format a duration in its two largest units."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value < 10:
        return f"{value:.1f} s"
    if value < 59.5:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def utc(at: datetime) -> str:
    """Format a moment in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Format a count with its noun: `1 column`, `2 columns`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def listing(names: list[str], limit: int = 6) -> str:
    """Format names as `a, b and c`; names beyond `limit` are counted."""
    shown = [short(n, 40) for n in names[:limit]]
    if len(names) > limit:
        shown.append(f"{len(names) - limit:,} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def capitalize(text: str) -> str:
    """Change only the first letter of a text to upper case."""
    return text[:1].upper() + text[1:]


def nearest(name: str, among: Sequence[str]) -> str:
    """End a message about an unknown name with the nearest name.

    Without a near name, it lists all names.
    """
    close = difflib.get_close_matches(name, among, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(among)}"
