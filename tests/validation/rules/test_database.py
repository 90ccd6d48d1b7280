"""What a text in SQL may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.validation.rules.database import QueryError, opened


@pytest.fixture(scope="module")
def database():
    with opened(None, {}) as made:
        yield made


@given(st.text(st.sampled_from("SELECT(1)*;'\"-/ ,xFROM\x00é\ud800\n"), max_size=30))
def test_any_text_is_a_query_or_an_explained_error(database, text):
    from tidegate.validation.rules.database import check_condition, one_select

    for function in (check_condition, one_select):
        try:
            function(text)
        except QueryError as error:
            assert str(error)
            assert "\n" not in str(error)
