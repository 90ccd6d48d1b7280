"""Archives that hold one file."""

import io
import zipfile

import pytest

from tests.support.records import read
from tidegate.core.errors import SourceError


def zipped(**members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_zip_with_one_member():
    assert read(zipped(a="id\n1\n"), "csv", name="1.zip")[0]["id"].to_pylist() == [1]
    for content, message in (
        (zipped(a="id\n1\n", b="id\n"), r"1.zip holds 2 files \(a, b\); a .zip must hold one"),
        (b"id\n1\n", "1.zip cannot be read: File is not a zip file"),
        (zipped(a="id\n" + "1\n" * 9)[:-30], "1.zip cannot be read"),
    ):
        with pytest.raises(SourceError, match=message):
            read(content, "csv", name="1.zip")
