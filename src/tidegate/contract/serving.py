"""The contract's section on serving logs and their differences from training data."""

from __future__ import annotations

from pydantic import Field, model_validator

from tidegate.contract.sections import Column, Section, Source, quoted


class Serving(Section):
    """The features that a model was given in production, to be held against its training data."""

    source: Source
    key: tuple[Column, ...] | None = Field(
        None,
        min_length=1,
        description="Columns, as the training data calls them, that say which row of the logs "
        "belongs to which row of the training data; the contract's key by default.",
    )
    columns: dict[Column, Column] = Field(
        default_factory=dict,
        description="Columns that the logs call otherwise: the training data's name, then theirs.",
        examples=[{"distance": "distance_miles"}],
    )
    exclude: tuple[Column, ...] = Field(
        (),
        description="Columns of the logs that are no features, as the logs call them: a "
        "prediction, a latency.",
    )

    @model_validator(mode="after")
    def _one_name_each(self) -> Serving:
        names = list(self.columns.values())
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"columns gives {quoted(twice)} to more than one column")
        if both := set(names) & set(self.exclude):
            raise ValueError(f"{quoted(both)} is in both columns and exclude")
        return self
