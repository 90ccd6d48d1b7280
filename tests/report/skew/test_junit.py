"""JUnit cases of skew."""

from xml.etree import ElementTree as ET

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2

from tests.support.skews import compared
from tests.support.skews_of_places import ROWS, X, loose, share, table, unjoined, where
from tidegate.report.skew import junit


def test_in_junit_every_slice_fails_that_may_hold_and_the_verdict_tells_of_the_worst():
    at = np.arange(ROWS)
    places = np.where(at < 210, "P", np.where(at < 420, "Q", "R"))
    emptied = where((at < 190) | ((at >= 210) & (at < 400)), None, X)
    by = loose()
    training, logs = table(place=places), unjoined(place=places, x=emptied)
    result = compared(training, logs, by)
    assert share(result, "x", "missing").status == "ok"
    (told_,) = [f for f in result.verdict.findings if f.code == "distribution_skew_missing"]
    assert "also in place=" in told_.message
    written = junit.report(result, schema_pb2.Schema(), by)
    suite = ET.fromstring(written).find("testsuite")  # noqa: S314 (our own)
    failed = {c.get("name") for c in suite if c.find("failure") is not None}
    assert failed == {"id", "x in place=P", "x in place=Q"}
