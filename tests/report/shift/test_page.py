"""The page about a shift."""

import numpy as np
import pyarrow as pa

from tests.support.pages import HOSTILE, HOSTILE_VALUE, Page
from tests.support.shifts import ROWS, contract, rows, shift
from tidegate.report import pages


def test_the_page_is_one_inert_file():
    def hostile(table):
        values = np.where(np.arange(ROWS) % 2, HOSTILE_VALUE, "b")
        return table.append_column(HOSTILE, pa.array(values))

    found = shift(hostile(rows(1, move=1, late=0.4)), hostile(rows(2)))
    html = pages.shift_page(found, contract())
    page = Page(html)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert not [k for _, k, _ in page.attributes if k.startswith("on")]
    assert "What tells them apart most: temp." in page.plain
    assert "The share of y = 1 went from" in page.plain
    calm = pages.shift_page(shift(rows(1), rows(2)), contract(None))
    assert "0.5 is a coin" in Page(calm).plain
