"""The catalogue of finding codes with their default severities.

It is imported where contracts are read, so it names TFDV's anomaly types without importing TFDV; a
test compares them with TFDV's own list. A new check is a row here: the settable severities, the
groups in JUnit, and the findings about the schema are read from it.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

#: Means every column that is not named beside it.
ALL_COLUMNS: Final = "*"

Severity = Literal["hold", "warn", "info", "off"]
Shown = Literal["hold", "warn", "info"]
Family = Literal[
    "data",
    "baseline",
    "schema",
    "columns",
    "quality",
    "rules",
    "needs",
    "drift",
    "shift",
    "keys",
    "pairs",
    "distributions",
    "shares",
]


class Code(NamedTuple):
    """A row of the catalogue.

    Attributes:
        family: The group in a report.
        default: The severity unless `gates.findings` sets another; None if it cannot be set there.
        decided_by: The contract's key that decides instead; empty if none does, so that the code
            always holds: nothing can be judged or learnt then.
    """

    family: Family
    default: Shown | None
    decided_by: str = ""


_TYPES: Final = """
    multiple_reasons
    bool_type_big_int bool_type_bytes_not_int bool_type_bytes_not_string bool_type_float_not_int
    bool_type_float_not_string bool_type_int_not_string bool_type_small_int
    bool_type_string_not_int bool_type_unexpected_string bool_type_unexpected_float
    bool_type_invalid_config
    enum_type_bytes_not_string enum_type_float_not_string enum_type_int_not_string
    enum_type_invalid_utf8 enum_type_unexpected_string_values
    feature_type_high_number_values feature_type_low_fraction_present
    feature_type_low_number_present feature_type_low_number_values feature_type_not_present
    feature_type_no_values feature_type_unexpected_repeated feature_type_high_unique
    feature_type_low_unique feature_type_no_unique
    float_type_big_float float_type_not_float float_type_small_float float_type_string_not_float
    float_type_non_string float_type_unknown_type_number float_type_has_nan float_type_has_inf
    int_type_big_int int_type_int_expected int_type_not_int_string int_type_not_string
    int_type_small_int int_type_string_expected int_type_unknown_type_number
    low_supported_image_fraction max_image_byte_size_exceeded
    schema_missing_column schema_new_column schema_training_serving_skew
    string_type_now_float string_type_now_int
    comparator_control_data_missing comparator_treatment_data_missing comparator_l_infty_high
    comparator_jensen_shannon_divergence_high comparator_normalized_absolute_difference_high
    comparator_low_num_examples comparator_high_num_examples
    dataset_low_num_examples dataset_high_num_examples
    sparse_feature_missing_value sparse_feature_missing_index sparse_feature_length_mismatch
    sparse_feature_name_collision
    weighted_feature_name_collision weighted_feature_missing_value
    weighted_feature_missing_weight weighted_feature_length_mismatch
    semantic_domain_update value_nestedness_mismatch domain_invalid_for_type
    unexpected_data_type invalid_feature_shape embedding_shape_invalid
    sequence_value_too_few_occurrences sequence_value_too_many_occurrences
    sequence_value_too_small_fraction sequence_value_too_large_fraction
    feature_coverage_too_low feature_coverage_too_short_avg_token_length nlp_wrong_location
    stats_not_available derived_feature_bad_lifecycle derived_feature_invalid_source
    custom_validation
"""


def _settable(family: Family, **defaults: Shown) -> dict[str, Code]:
    return {code: Code(family, default) for code, default in defaults.items()}


def _elsewhere(family: Family, key: str, *codes: str) -> dict[str, Code]:
    return {code: Code(family, None, key) for code in codes}


def _always(family: Family, *codes: str) -> dict[str, Code]:
    return {code: Code(family, None) for code in codes}


#: By code; `docs/quality.md`, `docs/anomalies.md` and `docs/skew.md` explain each.
CATALOGUE: Final[dict[str, Code]] = {
    **_always(
        "data",
        "no_examples",
        "empty_split",
        "label_absent",
        "label_missing_values",
        "label_one_value",
        "statistic_not_computable",
    ),
    **_settable("data", nan_values="warn", leak_suspect="hold", leak_not_judged="warn"),
    **_always("baseline", "empty_baseline"),
    **_settable("baseline", no_baseline="warn"),
    **_elsewhere("data", "splits.by", "leakage"),
    **_elsewhere("data", "gates.min_examples", "too_few_examples"),
    # A schema that contradicts itself, then TFDV's anomaly types, and two that refine them.
    **_always(
        "schema",
        "no_data_in_span",
        "unknown_type",
        "feature_missing_name",
        "feature_missing_type",
        "invalid_schema_specification",
        "invalid_domain_specification",
    ),
    **{code: Code("schema", "hold") for code in _TYPES.split()},
    **_settable(
        "schema",
        schema_new_column="warn",
        respelled_values="hold",
        unseen_values="warn",
    ),
    **_settable("data", schema_not_enforced="warn"),
    **_settable(
        "quality",
        never_populated="warn",
        constant_column="info",
        near_unique_column="warn",
        placeholder_values="warn",
        unit_change="warn",
        outliers="info",
        extreme_values="warn",
        text_of_numbers="info",
        text_of_times="info",
        stale="hold",
        times_unreadable="warn",
        times_outside_span="warn",
        times_in_future="warn",
        times_out_of_order="info",
        unusual_volume="warn",
        duplicate_keys="warn",
        repeated_rows="warn",
        broken_text="warn",
        padded_text="warn",
        low_match_rate="hold",
        quarantined_records="warn",
        column_left_out="warn",
    ),
    **_settable("rules", rule_without_rows="warn"),
    **_elsewhere("rules", "the rule's own severity", "rule_failed", "rule_not_evaluated"),
    **_settable("needs", serves_no_need="info"),
    **_elsewhere("needs", "needs", "need_not_served"),
    **_elsewhere(
        "drift",
        "gates.drift",
        "drift",
        "drift_too_few",
        "drift_not_judged",
        "drift_not_computable",
    ),
    **_elsewhere("shares", "gates.drift", "missing_rate"),
    **_elsewhere(
        "shift", "gates.shift.max_auc", "covariate_shift", "covariate_shift_not_computable"
    ),
    # Serving compared with training: columns, keys, pairs of rows, distributions.
    **_settable("columns", label_in_serving="warn"),
    **_always("keys", "no_common_keys"),
    **_settable(
        "keys",
        no_join_key="warn",
        too_few_pairs="hold",
        rows_without_key="warn",
        duplicate_join_keys="warn",
        keys_missing_in_serving="info",
        keys_missing_in_training="info",
    ),
    **_settable("pairs", feature_skew_tolerated="warn"),
    **_elsewhere("pairs", "gates.skew.mismatch", "feature_skew", "feature_skew_too_few"),
    **_elsewhere(
        "distributions",
        "gates.skew",
        "distribution_skew",
        "distribution_skew_too_few",
        "distribution_skew_not_judged",
        "distribution_skew_not_computable",
    ),
    **_elsewhere("shares", "gates.skew", "distribution_skew_missing", "distribution_skew_unseen"),
}


def of_family(*families: Family) -> tuple[str, ...]:
    """The codes of some families, in the catalogue's order."""
    return tuple(code for code, row in CATALOGUE.items() if row.family in families)


#: Every code that `gates.findings` accepts, with its default severity.
SETTABLE: Final[dict[str, Shown]] = {
    code: row.default for code, row in CATALOGUE.items() if row.default is not None
}
#: The key that decides the severity of a code, where it is not `gates.findings`.
ELSEWHERE: Final = {code: row.decided_by for code, row in CATALOGUE.items() if row.decided_by}
#: The codes that always hold: nothing can be judged or learnt.
FIXED: Final = frozenset(CATALOGUE) - frozenset(SETTABLE) - frozenset(ELSEWHERE)
