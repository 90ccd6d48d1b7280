"""The contract's sections on the model: training and blessing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from tidegate.contract.sections import Section


class Training(Section):
    """How the model is built."""

    hidden_units: tuple[PositiveInt, ...] = Field((64, 32), description="Widths of the layers.")
    epochs: PositiveInt = 5
    batch_size: PositiveInt = 512
    learning_rate: PositiveFloat = 0.002
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    max_vocabulary: PositiveInt = Field(
        1000, le=1000, description="Most frequent values kept per categorical feature."
    )
    numeric: Literal["normalize", "bucketize"] = Field(
        "normalize", description="Numbers enter as z-scores, or as quantile buckets as well."
    )
    seed: int = 20130101


class Bound(Section):
    """The values a metric may have."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _something(self) -> Bound:
        if self.min is None and self.max is None:
            raise ValueError("give min or max")
        return self


class Evaluation(Section):
    """When a model is blessed."""

    metric: str | None = Field(
        None,
        description="The metric champion and challenger are compared by: auc for binary, "
        "accuracy for multiclass, rmse for regression labels by default.",
    )
    thresholds: dict[str, Bound] = Field(
        default_factory=dict, description="Bounds on metrics over all examples, by metric name."
    )
    max_regression: Annotated[float, Field(ge=0)] = Field(
        0.0, description="How much worse than the champion the metric may be, in its own unit."
    )
    min_slice_examples: PositiveInt = Field(
        100, description="Smaller slices are shown and not judged."
    )
    max_slice_regression: Annotated[float, Field(gt=0)] | None = Field(
        None, description="The same limit for every slice that is large enough; none by default."
    )
    unusable_champion: Literal["hold", "replace"] = Field(
        "hold",
        description="When the champion cannot be run on the examples (a column it needs is gone): "
        "hold, or let a model that meets the thresholds replace it without a comparison.",
    )
