"""How values differ, named."""

import numpy as np
import pyarrow as pa

from tests.support.skews import ROWS, compared, contract, feature, served, table, told
from tidegate.comparison import skew


def test_rounding_is_named_and_single_values_are_counted():
    training = table()
    temp = training["temp"].to_numpy()
    lacking = pa.array([None if i == 5 else v for i, v in enumerate(np.round(temp, 1))])
    distance = training["distance"].to_numpy().copy()
    distance[7] += 1
    result = compared(training, served(temp=lacking, distance=distance))
    differing = int((np.round(temp, 1) != temp).sum())
    found = feature(result, "temp")
    assert (found.mismatched, found.missing_in_serving) == (differing - (temp[5] != 8.5), 1)
    assert found.pattern.startswith("serving is rounded to 1 decimal in 100%")
    one = feature(result, "distance")
    assert (one.status, one.differing) == ("tolerated", 1)
    assert one.sample == (("r00007", "149", "150"),)
    assert one.confusion == (skew.Confusion("149", "150", 1),)
    assert told(result, "feature_skew_tolerated")["distance"].severity == "warn"


def test_times_are_compared_and_an_offset_is_named():
    day = np.datetime64("2013-01-01T00:00:00", "us") + np.arange(ROWS) * np.timedelta64(1, "h")
    later = day + np.timedelta64(5, "h")
    by = contract("time: at\ngates: {skew: {mismatch: {features: {at: 0}}}}\n")
    times = {"times": (day, later), "texts": (day.astype(str), later.astype(str))}
    for training, serving in times.values():
        result = compared(table(at=training), served(at=serving), by)
        assert feature(result, "at").pattern.startswith("serving is 5:00:00 later in 100%")
    mixed = compared(table(at=day), served(at=day.astype(str)), by)
    assert feature(mixed, "at").equal == ROWS
