"""What is said of values for which a column is text."""

import pytest

from tidegate.data.text_values import TextValues


@pytest.mark.parametrize(
    ("values", "remedy"),
    [
        (("1,847", "12,000.5"), "read them with --thousands ','"),
        (("1.847.000,5",), "read them with --thousands '.'"),
        (("1,5", "2,25"), "read them with --decimal ','"),
        (("n/a", "1,847"), "read them with --thousands ','"),
        (("n/a",), ""),
        (("1,847", "1.847"), ""),
    ],
)
def test_the_remedy(values, remedy):
    found = TextValues("n", values, ("f:1",) * len(values), padded=False)
    assert remedy in found.remedy
    assert bool(remedy) == bool(found.remedy)
    assert TextValues.of({**vars(found), "values": list(values)}) == found
