"""Schemas that cannot be read are one line."""

import pytest

from tidegate import schema as schemas
from tidegate.core.errors import SchemaError


@pytest.mark.parametrize("text", ["", "feature { nme: 'x' }", "feature {"])
def test_a_broken_schema_is_one_line(tmp_path, text):
    (tmp_path / "schema.pbtxt").write_text(text)
    with pytest.raises(SchemaError, match=r"schema\.pbtxt.*restore it, or infer it again") as error:
        schemas.read(tmp_path)
    assert "\n" not in str(error.value)


def test_a_missing_schema_is_named(tmp_path):
    with pytest.raises(SchemaError, match=r"cannot read .*schema\.pbtxt"):
        schemas.read(tmp_path)
