"""No kind of anomaly is lost, known to this version or not."""

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2

from tests.support.validated import CONTRACT, columns, statistics
from tidegate import schema as schemas
from tidegate.contract import Contract
from tidegate.schema import anomalies


@pytest.fixture(scope="module")
def contract():
    return Contract.parse(CONTRACT)


@pytest.fixture(scope="module")
def january():
    return statistics("2013-01", columns(1))


@pytest.fixture(scope="module")
def schema(january, contract):
    return schemas.infer(january, contract)


@pytest.mark.parametrize("kind", anomalies_pb2.AnomalyInfo.Type.keys())
@pytest.mark.parametrize("known", [True, False])
def test_no_kind_of_anomaly_is_lost(kind, known, january, schema):
    reported = anomalies_pb2.Anomalies()
    name = "distance" if known else "nowhere"
    info = reported.anomaly_info[name]
    info.severity = anomalies_pb2.AnomalyInfo.ERROR
    info.reason.add(type=kind, description="What TFDV says.", short_description="Short")
    (finding,) = anomalies.findings(
        reported, features=january.features(), schema=schema, environment="TRAINING"
    )
    assert finding.code == kind.lower()
    assert finding.severity == ("warn" if kind == "SCHEMA_NEW_COLUMN" else "hold")
    assert name in finding.message or "NUM_EXAMPLES" in kind
    assert ";" in finding.message


def test_an_anomaly_without_reasons_is_not_lost(january, schema):
    reported = anomalies_pb2.Anomalies()
    reported.anomaly_info["x"].description = "Something is wrong."
    reported.dataset_anomaly_info.reason.add(type="DATASET_HIGH_NUM_EXAMPLES", description="Many.")
    found = anomalies.findings(reported, features={}, schema=schema, environment="TRAINING")
    assert [f.code for f in found] == ["dataset_high_num_examples", "unknown_type"]
    assert "Something is wrong" in found[1].message
