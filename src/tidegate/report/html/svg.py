"""Draw small charts as inline SVG, coloured by the style sheet.

Every chart has an `aria-label` that describes it and, where bars have no number beside them,
`<title>` elements that describe each bar. Charts without text stretch with their container;
charts with text keep their proportions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from tidegate.core.text import fixed, integer, number, percent
from tidegate.report.html.shapes import Buckets

_BASELINE, _CURRENT = "b", "c"
_BOTH = (_BASELINE, _CURRENT)
_STRETCHED = ("bar", "bullet", "small")


def _c(value: float) -> str:
    """Format a coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def _svg(width: float, height: float, body: str, label: str, css: str) -> Markup:
    stretch = ' preserveAspectRatio="none"' if css in _STRETCHED else ""
    # Without a label it only repeats the number beside it.
    phrase = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704 (label is escaped here, body by whoever made it)
        f'<svg class="{css}" viewBox="0 0 {_c(width)} {_c(height)}"{stretch} {phrase}>{body}</svg>'
    )


def _box(css: str, x: float, y: float, w: float, h: float, title: str = "") -> str:
    inner = f"<title>{escape(title)}</title>" if title else ""
    shape = f"M{_c(x)} {_c(y)}h{_c(w)}v{_c(h)}h{_c(-w)}z"
    return (
        f'<path class="{css}" d="{shape}">{inner}</path>'
        if inner
        else (f'<path class="{css}" d="{shape}"/>')
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_c(x)}" y="{_c(y)}"{placed}>{escape(text)}</text>'


def _line(css: str, points: Iterable[tuple[float, float]]) -> str:
    path = "L".join(f"{_c(x)} {_c(y)}" for x, y in points)
    return f'<path class="{css}" d="M{path}"/>' if path else ""


def histogram(
    buckets: Buckets, label: str, *, series: Sequence[str] = _BOTH, large: bool = False
) -> Markup:
    """Draw one distribution, or two side by side.

    Args:
        buckets: One or two distributions.
        label: The text alternative of the chart.
        series: The kind of each: `b` the baseline, `c` the current one. A single one is the last.
        large: With axes and labels, for a card; without for a table's cell.
    """
    width, height, left, bottom = (360.0, 150.0, 38.0, 18.0) if large else (150.0, 34.0, 0.0, 0.0)
    top, origin = (8.0 if large else 1.0), left
    plot_w, plot_h = width - left, height - top - bottom
    count = len(buckets.edges) - 1
    if count == 1:
        # A constant: a slim bar in the middle shows it better than a filled box.
        left, plot_w = left + plot_w * 0.45, plot_w * 0.1
    tallest = max((max(s) for s in buckets.shares), default=0.0) or 1.0
    step = plot_w / count
    classes = series[-len(buckets.shares) :]
    gap = min(1.0, step * 0.1) if len(classes) == 1 else step * 0.16
    bar = (step - gap) / len(classes)
    floor = top + plot_h
    paths: dict[str, list[str]] = {css: [] for css in classes}
    body, hits = [], []
    if large:
        for share in (0.0, 0.5, 1.0):
            y = top + plot_h * (1 - share)
            body.append(_line("grid", [(origin, y), (width, y)]))
            body.append(_text(origin - 4, y + 3.5, percent(tallest * share), "end"))
    for index in range(count):
        shares = [s[index] for s in buckets.shares]
        for k, (css, share) in enumerate(zip(classes, shares, strict=True)):
            if share > 0:
                x = left + index * step + gap / 2 + k * bar
                # A bar that is there at all must be seen.
                tall = max(share / tallest * plot_h, 0.7)
                paths[css].append(f"M{_c(x)} {_c(floor)}v{_c(-tall)}h{_c(bar)}v{_c(tall)}z")
        if large and any(shares):
            phrase = " \u2192 ".join(percent(s) for s in shares)
            about = "about " if buckets.estimated else ""
            title = escape(f"{buckets.label(index)}: {about}{phrase}")
            start = _c(left + index * step)
            hits.append(
                f'<path d="M{start} {_c(top)}h{_c(step)}v{_c(plot_h)}h{_c(-step)}z">'
                f"<title>{title}</title></path>"
            )
    body += [f'<path class="{css}" d="{"".join(d)}"/>' for css, d in paths.items() if d]
    body.append(_line("axis", [(origin, floor), (width, floor)]))
    if large:
        body += [
            _x_labels(buckets, origin, width, height),
            f'<g class="hit">{"".join(hits)}</g>',
        ]
    return _svg(width, height, "".join(body), label, "chart" if large else "small")


def _x_labels(buckets: Buckets, left: float, width: float, height: float) -> str:
    low, high = buckets.ends
    if low == high:
        return _text((left + width) / 2, height - 4, number(low), "middle")
    marks = [
        (left, ("\u2264 " if buckets.cut_low else "") + number(low), "start"),
        (width, ("\u2265 " if buckets.cut_high else "") + number(high), "end"),
    ]
    middle = (low + high) / 2
    if not buckets.whole or middle == round(middle):
        marks.append(((left + width) / 2, number(middle), "middle"))
    return "".join(_text(x, height - 4, t, anchor) for x, t, anchor in marks)


def share_bar(
    shares: Sequence[float], scale: float, label: str, *, series: Sequence[str] = _BOTH
) -> Markup:
    """Draw a value's share in one or two samples as bars.

    `series` is as in `histogram`.
    """
    classes = series[-len(shares) :]
    thick = 10 / len(shares)
    body = "".join(
        _box(css, 0, k * thick + 0.4, max(share / scale * 100, 0.6), thick - 0.8)
        for k, (css, share) in enumerate(zip(classes, shares, strict=True))
        if share > 0
    )
    return _svg(100, 10, body, label, "bar")


def bullet(value: float | None, threshold: float | None, noise: float | None) -> Markup:
    """Draw a distance as a bar with its threshold and noise floor.

    The threshold is a line in the middle, the noise floor a band. The scale runs from 0 to twice
    the threshold, so that rows with different thresholds can be compared at a glance; a longer bar
    is cut and ends in a point. Without a threshold there is no scale, and nothing is drawn.
    """
    if threshold is None or not threshold > 0 or not math.isfinite(threshold):
        return Markup("")
    scale = 2 * threshold
    body = [_box("track", 0, 3, 100, 6)]
    if noise is not None and math.isfinite(noise) and noise > 0:
        body.append(_box("noise", 0, 1, min(noise / scale, 1) * 100, 10))
    if value is not None and math.isfinite(value):
        if value > scale:
            body.append('<path class="over" d="M0 3h95l5 3l-5 3H0z"/>')
        else:
            css = "over" if value > threshold else _CURRENT
            body.append(_box(css, 0, 3, max(value / scale * 100, 0.6), 6))
    body.append(_box("mark", 49.5, 0, 1, 12))
    label = f"distance {fixed(value)}, threshold {fixed(threshold)}, noise floor {fixed(noise)}"
    return _svg(100, 12, "".join(body), label, "bullet")


def intervals(
    rows: Sequence[tuple[str, float, float, float]],
    *,
    low: float,
    high: float,
    reference: float | None = None,
    label: str,
) -> Markup:
    """Draw values with intervals, one below the other, on one scale.

    Args:
        rows: Kind (`c` challenger, `b` champion), value, and both ends of its interval.
        low: Left end of the scale.
        high: Right end of the scale.
        reference: The position of a vertical line.
        label: The text alternative of the chart.
    """
    width, height = 160.0, 9.0 * max(len(rows), 1) + 2

    def x(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return 4 + min(max(share, 0.0), 1.0) * (width - 8)

    body = []
    if reference is not None and math.isfinite(reference):
        body.append(_line("ref", [(x(reference), 0), (x(reference), height)]))
    for k, (css, value, start, end) in enumerate(rows):
        if not all(map(math.isfinite, (value, start, end))):
            continue
        y = 5.5 + 9 * k
        body.append(_line(f"w{css}", [(x(start), y), (x(end), y)]))
        # Shapes beside colours: a diamond is the champion.
        if css == _CURRENT:
            dot = f'<circle class="{css}" cx="{_c(x(value))}" cy="{_c(y)}" r="3"/>'
        else:
            left = _c(x(value) - 3.6)
            dot = f'<path class="{css}" d="M{left} {_c(y)}l3.6-3.6l3.6 3.6l-3.6 3.6z"/>'
        body.append(dot)
    return _svg(width, height, "".join(body), label, "dots")


def _quarters(low: float, high: float) -> list[float]:
    return [low + share * (high - low) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


class _Plane:
    """A square plot area with ticks; axes default to 0 to 1."""

    def __init__(
        self,
        x_axis: str,
        y_axis: str,
        x_range: tuple[float, float] = (0.0, 1.0),
        y_range: tuple[float, float] = (0.0, 1.0),
        height: float = 300.0,
        x_ticks: Sequence[float] = (),
    ) -> None:
        self.width, self.height = 340.0, height
        self._left, self._top, self._right, self._bottom = 54.0, 8.0, 10.0, 36.0
        self._x, self._y = x_range, y_range
        ticks = []
        floor = height - self._bottom
        for x in x_ticks or _quarters(*x_range):
            px, _ = self.at(x, y_range[0])
            ticks.append(_line("grid", [(px, self._top), (px, floor)]))
            ticks.append(_text(px, floor + 13, number(x, 3), "middle"))
        for y in _quarters(*y_range):
            _, py = self.at(x_range[0], y)
            ticks.append(_line("grid", [(self._left, py), (self.width - self._right, py)]))
            ticks.append(_text(self._left - 5, py + 3.5, number(y, 3), "end"))
        middle = (self._top + height - self._bottom) / 2
        ticks.append(_text((self._left + self.width) / 2, height - 5, x_axis, "middle"))
        ticks.append(
            f'<text transform="translate(10 {_c(middle)}) rotate(-90)" '
            f'text-anchor="middle">{escape(y_axis)}</text>'
        )
        self.body = ticks

    def at(self, x: float, y: float) -> tuple[float, float]:
        def share(value: float, ends: tuple[float, float]) -> float:
            return (value - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.5

        return (
            self._left + share(x, self._x) * (self.width - self._left - self._right),
            self.height
            - self._bottom
            - share(y, self._y) * (self.height - self._top - self._bottom),
        )

    def line(self, css: str, points: Iterable[tuple[float, float]]) -> None:
        self.body.append(_line(css, [self.at(x, y) for x, y in points]))

    def dot(self, css: str, x: float, y: float, radius: float, title: str) -> None:
        px, py = self.at(x, y)
        self.body.append(
            f'<circle class="{css}" cx="{_c(px)}" cy="{_c(py)}" r="{_c(radius)}">'
            f"<title>{escape(title)}</title></circle>"
        )

    def draw(self, label: str) -> Markup:
        return _svg(self.width, self.height, "".join(self.body), label, "chart")


def roc(points: Sequence[tuple[float, float, float]], label: str) -> Markup:
    """Draw true against false positive rate.

    A dot marks the threshold nearest to one half.

    Args:
        points: False positive rate, true positive rate and threshold, in [0, 1].
        label: The text alternative of the chart.
    """
    plane = _Plane("false positive rate", "true positive rate")
    plane.line("guide", [(0, 0), (1, 1)])
    usable = [p for p in points if all(map(math.isfinite, p[:2]))]
    plane.line("lc", [(x, y) for x, y, _ in usable])
    inner = [p for p in usable if math.isfinite(p[2])]
    if inner:
        x, y, at = min(inner, key=lambda p: abs(p[2] - 0.5))
        phrase = f"threshold {number(at, 3)}: {percent(y)} found, {percent(x)} false alarms"
        plane.dot("c", x, y, 4, phrase)
    return plane.draw(label)


def calibration(points: Sequence[tuple[float, float, int]], label: str) -> Markup:
    """Draw mean outcome against mean prediction, a dot for each bucket.

    The area of a dot shows its number of rows.

    Args:
        points: Mean prediction, mean outcome and rows. Axes run from 0 to 1 where all fit, as
            probabilities do, else from the least to the greatest.
        label: The text alternative of the chart.
    """
    usable = [p for p in points if p[2] > 0 and all(map(math.isfinite, p[:2]))]
    values = [v for p in usable for v in p[:2]]
    shares = all(0 <= v <= 1 for v in values)
    ends = (0.0, 1.0) if shares or not values else (min(values), max(values))
    written = percent if shares else number
    plane = _Plane("mean prediction", "mean outcome", ends, ends)
    plane.line("guide", [(ends[0], ends[0]), (ends[1], ends[1])])
    plane.line("lc", [(x, y) for x, y, _ in usable])
    most = max((n for *_, n in usable), default=1)
    for x, y, n in usable:
        phrase = f"predicted {written(x)}, observed {written(y)}, {integer(n)} rows"
        plane.dot("c", x, y, 2 + 5 * math.sqrt(n / most), phrase)
    return plane.draw(label)


def curves(series: Sequence[tuple[str, Sequence[float]]], y_axis: str, label: str) -> Markup:
    """Draw lines over epochs 1, 2, ...

    The first series is drawn solid, the second dashed.
    """
    length = max((len(v) for _, v in series), default=0)
    values = [v for _, points in series for v in points if math.isfinite(v)]
    if not values:
        return Markup("")
    low, high = min(values), max(values)
    margin = (high - low) * 0.08 or abs(high) * 0.05 or 0.1
    epochs = range(1, max(length, 2) + 1, math.ceil(length / 10))
    plane = _Plane(
        "epoch", y_axis, (1, max(length, 2)), (low - margin, high + margin), 210.0, epochs
    )
    for css, (name, points) in zip(("c", "b"), series, strict=False):
        known = [(k + 1, v) for k, v in enumerate(points) if math.isfinite(v)]
        plane.line(f"l{css}", known)
        for x, y in known:
            plane.dot(css, x, y, 3, f"{name}, epoch {x}: {number(y)}")
    return plane.draw(label)
