"""Result files are read whole or refused with a remedy."""

import json
import math

import pytest

from tidegate.core.errors import StatisticsError
from tidegate.platform import documents


def read(file, format_=2):
    how = {"error": StatisticsError, "what": "result", "remedy": "make it again"}
    with documents.reading(file, format_=format_, **how) as document:
        return document["value"]


def test_what_is_written_is_read(tmp_path):
    file = tmp_path / "a" / "result.json"
    documents.write(file, {"format": 2, **documents.finite({"value": [1, math.nan, {"x": 1.5}]})})
    assert read(file) == [1, None, {"x": 1.5}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read the result in .*result\.json: No such file"),
        ("", r"cannot read the result in .*JSONDecodeError"),
        ("[1]", r"cannot read the result in .*result\.json"),
        (json.dumps({"value": 1}), "is of format 1, and this version reads 2; make it again"),
        (json.dumps({"format": 3, "value": 1}), "is of format 3, and this version reads 2"),
        (
            json.dumps({"format": 2}),
            r"cannot read the result in .*KeyError\('value'\); make it again",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, content, message):
    file = tmp_path / "result.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(StatisticsError, match=message):
        read(file)


def test_a_file_without_a_format_is_of_the_first(tmp_path):
    (tmp_path / "result.json").write_text('{"value": 1}')
    assert read(tmp_path / "result.json", format_=1) == 1
