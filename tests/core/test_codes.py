"""The catalogue of codes is whole, and each code is decided on in one place."""

from tensorflow_metadata.proto.v0 import anomalies_pb2

from tidegate.core.codes import CATALOGUE, ELSEWHERE, FIXED, SETTABLE, of_family


def test_every_kind_of_anomaly_is_in_the_catalogue():
    kinds = {kind.lower() for kind in dict(anomalies_pb2.AnomalyInfo.Type.items())}
    assert kinds == set(of_family("schema")) - {"respelled_values", "unseen_values"}
    assert all(row.default or row.decided_by or code in FIXED for code, row in CATALOGUE.items())
    assert {code for code in FIXED if code.startswith(("invalid_", "feature_"))} < kinds
    assert not set(SETTABLE) & (FIXED | set(ELSEWHERE))
    assert set(SETTABLE) > set(of_family("quality"))
