"""The contract's section on SQL rules of the data's owner."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tidegate.contract.sections import Column, Section
from tidegate.core.codes import Severity

Sql = Annotated[str, Field(min_length=1, max_length=10_000)]


class Rule(Section):
    """What must be so in every span and no schema says: a condition, or a query for what fails."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="Names it in verdicts and reports."
    )
    description: str = Field("", description="What it means, in a sentence for the reader.")
    severity: Severity = Field(
        "hold", description="What it is to the gate if it fails: hold, warn, info, or off."
    )
    over: Literal["examples", "statistics"] = Field(
        "examples",
        description="The table that it is about: examples, or statistics with one row a column.",
    )
    check: Sql | None = Field(
        None,
        description="A condition in SQL that must be true of each row; NULL is not true.",
        examples=["distance > 0"],
    )
    where: Sql | None = Field(
        None,
        description="With check: the rows it is about, all by default.",
        examples=["wind_gust IS NOT NULL"],
    )
    select: Sql | None = Field(
        None,
        description="Instead of check: one SELECT that returns the rows that fail.",
        examples=["SELECT * FROM examples WHERE distance <= 0"],
    )
    max_failing: Annotated[int, Field(ge=0)] | Annotated[float, Field(gt=0, lt=1)] = Field(
        0, description="How many rows may fail: a number, or a share below 1."
    )
    show: tuple[Column, ...] | None = Field(
        None,
        description="The columns of failing rows that reports may show; by default the key and "
        "what the rule names. An empty list shows none.",
    )

    @model_validator(mode="after")
    def _one_query(self) -> Rule:
        if (self.check is None) == (self.select is None):
            raise ValueError(f"rule {self.name!r} needs either check or select")
        if self.where is not None and self.check is None:
            raise ValueError(f"rule {self.name!r}: where goes with check; select has its own")
        return self

    @property
    def sql(self) -> str:
        """The rule's SQL for display."""
        if self.check is None:
            return self.select or ""
        return self.check if self.where is None else f"{self.check}\nWHERE {self.where}"

    def allowed(self, rows: int) -> int:
        """The number of `rows` that may fail."""
        if isinstance(self.max_failing, int):
            return self.max_failing
        return int(self.max_failing * rows)
