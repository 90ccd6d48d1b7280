"""Schemas of TFX are imported, and what is not enforced is said."""

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate import schema as schemas
from tidegate.core.errors import SchemaError
from tidegate.schema import tfx_import
from tidegate.statistics import compute_table

TFX = """
feature { name: "id" type: BYTES presence { min_fraction: 1 min_count: 1 } }
feature { name: "late" type: INT drift_comparator { infinity_norm { threshold: 0.1 } } }
feature { name: "page" type: BYTES url_domain {} }
feature { name: "hour" type: BYTES time_of_day_domain { string_format: "%H" } }
feature { name: "old" type: INT presence { min_count: 1 } lifecycle_stage: DEPRECATED }
feature { name: "bag" type: FLOAT group_presence { required: true } value_count { min: 1 max: 1 }
          skew_comparator { jensen_shannon_divergence { threshold: 0.2 } } }
feature { name: "mass" type: INT distribution_constraints { min_domain_mass: 0.5 } }
sparse_feature { name: "s" index_feature { name: "i" } value_feature { name: "v" } }
dataset_constraints { min_examples_count: 10 num_examples_version_comparator {} }
"""


def test_a_schema_of_tfx_is_imported(contract):
    given = schemas.parse(TFX)
    found = tfx_import.import_schema(given, contract)
    assert found.added == (
        "default_environment TRAINING added: runs ask for it",
        "default_environment SERVING added: runs ask for it",
        "late: not_in_environment SERVING added: what is served has none",
        "hour: time_of_day_domain removed: TFDV fails on it, whatever the data",
        "mass: distribution_constraints removed: it has no domain, and TFDV fails on that, "
        "whatever the data",
    )
    assert [line.split(": ")[0] + ": " + line.split(": ")[1] for line in found.unenforced] == [
        "page: url_domain",
        "old: nothing of it",
        "bag: group_presence",
        "bag: skew_comparator",
        "sparse_feature: rows are flat, without pairs of index and value",
        "num_examples_version_comparator: no version of the same span is compared with",
    ]
    # Nothing else was touched, and what is exported is imported as it is.
    kept = schema_pb2.Schema()
    kept.CopyFrom(found.schema)
    del kept.default_environment[:]
    next(f for f in kept.feature if f.name == "late").ClearField("not_in_environment")
    for name, field in (("hour", "time_of_day_domain"), ("mass", "distribution_constraints")):
        next(f for f in given.feature if f.name == name).ClearField(field)
    assert kept == given
    again = tfx_import.import_schema(schemas.parse(schemas.text(found.schema)), contract)
    assert (again.schema, again.added) == (found.schema, ())
    assert again.unenforced == found.unenforced


def test_what_is_said_not_to_be_enforced_is_not(contract):
    table = pa.table(
        {
            "id": ["a"],
            "late": [1],
            "page": ["no page"],
            "hour": ["99"],
            "mass": [1],
            "bag": [2.0],
        }
    )
    data = compute_table(table.to_batches(), schema=table.schema)
    found = tfx_import.import_schema(schemas.parse(TFX), contract)
    found.schema.dataset_constraints.ClearField("min_examples_count")
    reported = tfdv.validate_statistics(
        data.as_list(), found.schema, environment="TRAINING", previous_statistics=data.as_list()
    )
    assert dict(reported.anomaly_info) == {}
    assert not reported.HasField("dataset_anomaly_info")


def test_an_import_that_lacks_a_column_of_the_contract_is_refused(contract):
    with pytest.raises(SchemaError, match="label names the column 'late', which the schema does"):
        tfx_import.import_schema(schemas.parse('feature { name: "id" }'), contract)
    with pytest.raises(SchemaError, match="in_environment expects it in SERVING"):
        tfx_import.import_schema(
            schemas.parse(
                'feature { name: "id" } feature { name: "late" in_environment: "SERVING" }'
            ),
            contract,
        )
