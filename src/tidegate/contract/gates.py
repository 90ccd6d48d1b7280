"""The contract's section on gates: the limits that hold a span."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PositiveInt, field_validator, model_validator

from tidegate.contract.sections import DURATION, Column, Fraction, Section
from tidegate.core.codes import ALL_COLUMNS, ELSEWHERE, FIXED, SETTABLE, Severity
from tidegate.core.text import nearest

Threshold = Literal["auto", "learned", "report"] | Annotated[float, Field(gt=0, le=1)]
Share = Literal["report"] | Annotated[float, Field(ge=0, lt=1)]


def _shorthand(value: Any) -> Any:
    return value if isinstance(value, dict | Section) else {"default": value}


class Limits(Section):
    """A limit for each measure of one feature; a measure without one is recorded only."""

    jensen_shannon: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Of the divergence, in (0, 1]."
    )
    l_infinity: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Of the change of one value's share, in (0, 1]; for text only."
    )

    @model_validator(mode="after")
    def _something(self) -> Limits:
        if self.jensen_shannon is None and self.l_infinity is None:
            raise ValueError("give jensen_shannon or l_infinity")
        return self


class Distances(Section):
    """How far the distribution of each feature may be from another."""

    false_alarms: Annotated[float, Field(gt=0, le=0.5)] = Field(
        0.01,
        description="The share of runs without any change that chance may hold, over all features.",
    )
    default: Threshold = Field(
        "auto",
        description="For every feature not named: auto, learned, report (recorded, never holds), "
        "or a Jensen-Shannon divergence in (0, 1].",
    )
    features: dict[Column, Threshold | Limits] = Field(
        default_factory=dict,
        description="The same per feature; or jensen_shannon and l_infinity, each in (0, 1].",
        examples=[{"temp": "report", "carrier": {"l_infinity": 0.05}}],
    )
    min_slice_share: Fraction = Field(
        0.05,
        description="A change that only a slice shows holds if the slice has this share of the "
        "rows; in a smaller one it is a warning.",
    )

    @property
    def learns(self) -> bool:
        """Whether any limit is learned from accepted spans."""
        return "learned" in (self.default, *self.features.values())


class Drift(Distances):
    """What each span is compared with, and how far from it it may be."""

    against: str = Field(
        "previous",
        pattern=r"^(previous|span\(\s*[0-9][0-9T:-]*\s*\)|rolling\(\s*[1-9]\d?\s*\))$",
        description="previous: the last accepted span. span(2013-01): always that one. "
        "rolling(6): the last six accepted spans together.",
        examples=["rolling(6)"],
    )
    accepted: dict[str, dict[Column, Annotated[str, Field(min_length=1)]]] = Field(
        default_factory=dict,
        description="Changes that somebody looked at and that are right: by span, the features "
        "and why. They warn instead of holding, and the span is what later ones are compared with.",
        examples=[{"2013-09": {"origin": "Endeavor moves a fifth of its flights to LaGuardia"}}],
    )


class Mismatch(Section):
    """How many pairs of rows with the same key may differ in a feature."""

    default: Share = Field(
        0.01,
        description="For every feature not named: a share in [0, 1), or report (recorded, never "
        "holds).",
    )
    features: dict[Column, Share] = Field(
        default_factory=dict, description="Per feature: a share in [0, 1), or report."
    )


class Tolerance(Section):
    """How far two floats may be apart and still be the same value; whole numbers must be equal."""

    relative: Annotated[float, Field(ge=0, lt=1)] = Field(
        1e-6, description="As a share of the greater of the two. By default what 32 bits lose."
    )
    absolute: Annotated[float, Field(ge=0)] = Field(
        0.0, description="In the column's own unit; the larger of both counts."
    )


class Tolerances(Tolerance):
    """The same for every feature, but for those that are named."""

    features: dict[Column, Tolerance] = Field(
        default_factory=dict, description="Per feature: relative and absolute."
    )


class Skew(Distances):
    """Limits between training and serving data: of each distribution, and of single values."""

    mismatch: Annotated[Mismatch, BeforeValidator(_shorthand)] = Field(
        Mismatch(), description="A share for all features, or default and features."
    )
    tolerance: Tolerances = Tolerances()

    @model_validator(mode="after")
    def _nothing_to_learn_from(self) -> Skew:
        if self.learns:
            raise ValueError("learned needs accepted spans, which serving logs have not; say auto")
        return self


class Shift(Section):
    """How well a classifier may tell the rows of a span from those of its baseline."""

    rows: Annotated[int, Field(ge=0, le=100_000)] = Field(
        10_000,
        description="Rows of each span, features and label, that are kept with its statistics for "
        "that; fewer of very wide data. 0: none are kept, and nothing is told.",
    )
    max_auc: Annotated[float, Field(ge=0.5, lt=1)] | None = Field(
        None,
        description="A span is held if the lower end of the AUC's 95% interval is above this; "
        "none by default. 0.5 is a coin.",
    )

    @model_validator(mode="after")
    def _something_to_judge(self) -> Shift:
        if self.max_auc is not None and not self.rows:
            raise ValueError("max_auc needs rows to be kept; give rows, or take max_auc away")
        return self


class Volume(Section):
    """How the rows of a span may compare with the spans before."""

    min: Annotated[float, Field(ge=0)] = Field(
        0.5,
        description="Rows per day (per span where spans are numbers), as a share of the "
        "median of the accepted spans before.",
    )
    max: Annotated[float, Field(gt=0)] = Field(2.0, description="The same, at most.")

    @model_validator(mode="after")
    def _in_order(self) -> Volume:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


def _severity_shorthand(value: Any) -> Any:
    return value if isinstance(value, dict) else {ALL_COLUMNS: value}


#: By column; `*` means every column that is not named.
Severities = Annotated[
    dict[Column, Severity],
    Field(min_length=1),
    BeforeValidator(_severity_shorthand, json_schema_input_type=Severity | dict[Column, Severity]),
]


class Gates(Section):
    """What holds a span back."""

    drift: Annotated[Drift, BeforeValidator(_shorthand)] = Field(
        Drift(), description="A threshold for all features, or the keys below."
    )
    skew: Annotated[Skew, BeforeValidator(_shorthand)] = Field(
        Skew(), description="The same between training and serving data, and more."
    )
    min_examples: PositiveInt = Field(
        1000, description="A span with fewer examples is held: too few to judge."
    )
    freshness: str | None = Field(
        None,
        pattern=DURATION,
        description="The newest record may be this much older than the end of its span, or than "
        "now where that is earlier or spans are no times, in minutes, hours, days or weeks.",
        examples=["36h"],
    )
    volume: Volume = Volume()
    shift: Shift = Shift()
    findings: dict[str, Severities] = Field(
        default_factory=dict,
        description="How severe a finding is, by its code: hold, warn, info or off; or such a "
        "mapping by column, in which * is every other column.",
        examples=[
            {
                "unit_change": "hold",
                "schema_new_column": "off",
                "enum_type_unexpected_string_values": {"dest": "warn"},
            }
        ],
    )

    @field_validator("findings")
    @classmethod
    def _known(cls, value: dict[str, Severities]) -> dict[str, Severities]:
        for code in value:
            if code in ELSEWHERE:
                raise ValueError(f"how severe {code!r} is, is decided by {ELSEWHERE[code]}")
            if code in FIXED:
                raise ValueError(f"{code!r} always holds: it says that nothing can be judged")
            if code not in SETTABLE:
                raise ValueError(f"no finding has the code {code!r}{_nearest_code(code)}")
        return value

    def severity(self, code: str, column: str = "", *, default: Severity) -> Severity:
        """The configured severity of a code for a column, or `default`."""
        chosen = self.findings.get(code, {})
        return chosen.get(column, chosen.get(ALL_COLUMNS, default))


def _nearest_code(code: str) -> str:
    # There are too many to list.
    hint = nearest(code, (*SETTABLE,))
    return hint if "did you mean" in hint else "; docs/quality.md and docs/anomalies.md list them"
