"""The contract's section on users and the data they need."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tidegate.contract.sections import Column, Section


class Need(Section):
    """What a user needs to know or do, and the columns that serve it."""

    user: str = Field(min_length=1, description="Who needs what, in the user's own words.")
    data: tuple[Column, ...] = Field(min_length=1, description="The columns that serve it.")
    populated: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="The share of rows in which each of its columns must have a value; at least "
        "one row when left out.",
    )
