"""Which codes a finding can have, and which of them the contract may set in `gates.findings`.

It is imported where contracts are read, so it names TFDV's anomaly types without importing TFDV; a
test compares them with TFDV's own list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from tidegate.core.check_codes import DEFAULTS, Severity

if TYPE_CHECKING:
    pass

__all__ = [
    "ALL_COLUMNS",
    "ANOMALIES",
    "ELSEWHERE",
    "FIXED",
    "SETTABLE",
    "SKEW",
    "VALIDATION",
    "Severity",
]

#: Stands for every column that is not named beside it.
ALL_COLUMNS: Final = "*"

Shown = Literal["hold", "warn", "info"]

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
#: TFDV's anomaly types in lower case that say something of the data; `docs/anomalies.md` has them.
ANOMALIES: Final[dict[str, Shown]] = {
    **dict.fromkeys(_TYPES.split(), "hold"),
    "schema_new_column": "warn",
}
#: What says that nothing can be judged or learnt: no data, no label, no type, or a schema that
#: contradicts itself.
FIXED: Final = frozenset(
    {
        "no_examples",
        "empty_split",
        "empty_baseline",
        "label_absent",
        "label_missing_values",
        "label_one_value",
        "statistic_not_computable",
        "unknown_type",
        "no_data_in_span",
        "no_common_keys",
        "feature_missing_name",
        "feature_missing_type",
        "invalid_schema_specification",
        "invalid_domain_specification",
    }
)
#: What the gate finds beside TFDV and may be set.
VALIDATION: Final[dict[str, Shown]] = {
    "respelled_values": "hold",
    "unseen_values": "warn",
    "nan_values": "warn",
    "rule_without_rows": "warn",
    "schema_not_enforced": "warn",
    "serves_no_need": "info",
    "no_baseline": "warn",
}
#: What holding serving data against training data finds and may be set.
SKEW: Final[dict[str, Shown]] = {
    "too_few_pairs": "hold",
    "label_in_serving": "warn",
    "rows_without_key": "warn",
    "duplicate_join_keys": "warn",
    "feature_skew_tolerated": "warn",
    "keys_missing_in_serving": "info",
    "keys_missing_in_training": "info",
}
#: Where else the severity of a code is decided.
ELSEWHERE: Final = {
    "drift": "gates.drift",
    "drift_too_few": "gates.drift",
    "drift_not_judged": "gates.drift",
    "drift_not_computable": "gates.drift",
    "missing_rate": "gates.drift",
    "feature_skew": "gates.skew.mismatch",
    "feature_skew_too_few": "gates.skew.mismatch",
    "distribution_skew": "gates.skew",
    "distribution_skew_too_few": "gates.skew",
    "distribution_skew_not_judged": "gates.skew",
    "distribution_skew_not_computable": "gates.skew",
    "distribution_skew_missing": "gates.skew",
    "distribution_skew_unseen": "gates.skew",
    "covariate_shift": "gates.shift.max_auc",
    "covariate_shift_not_computable": "gates.shift.max_auc",
    "leakage": "splits.by",
    "too_few_examples": "gates.min_examples",
    "need_not_served": "needs",
    "rule_failed": "the rule's own severity",
    "rule_not_evaluated": "the rule's own severity",
}
#: Every code that `gates.findings` takes, with what it is by default.
SETTABLE: Final[dict[str, Shown]] = {**DEFAULTS, **VALIDATION, **SKEW, **ANOMALIES}
