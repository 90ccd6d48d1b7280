"""What the gate looks at beside the schema."""

import pytest

from tidegate import schema as schemas
from tidegate.validation.checks import basic


def test_respelled_share_is_a_tenth_of_what_is_tolerated():
    assert pytest.approx(schemas.MAX_UNSEEN / 10) == basic.MAX_RESPELLED
