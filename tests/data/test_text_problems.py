"""Text that is broken is counted by kind."""

import pyarrow as pa
import pytest

from tidegate.data.text_problems import problems


def test_plain_text_has_no_problems():
    assert problems("x", pa.array(["JFK", "", None, "two words", "tab\there"])) is None
    assert problems("x", pa.array(["São Paulo", "Zürich", "日本", "“quoted”"])) is None
    assert problems("x", pa.array([None, None], pa.string())) is None


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (" JFK", "padded"),
        ("JFK\n", "padded"),
        ("J\x00K", "control"),
        ("Z\ufffdrich", "replaced"),
        ("ZÃ¼rich", "mojibake"),
        ("itâ€™s", "mojibake"),
        ("Zu\u0308rich", "decomposed"),
    ],
)
def test_broken_text_is_counted_by_kind(bad, problem):
    values = pa.array(["fine", bad, None, bad, "Zürich"])
    found = problems("x", values)
    assert getattr(found, problem) == 2
    assert bad in (found.example, found.padded_example)
    assert problems("x", values.slice(2)) is not None
    assert problems("x", values.slice(4)) is None
