"""Charts as SVG."""

from tidegate.report.html import shapes, svg


def test_a_column_that_went_is_drawn_as_baseline(before):
    column = shapes.buckets(before.features()["hour"])
    assert '<path class="b"' in svg.histogram(column, "gone", series=("b",))
    assert '<path class="c"' not in svg.histogram(column, "gone", series=("b",))
    assert '<path class="c"' in svg.histogram(column, "new")
