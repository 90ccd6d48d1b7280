"""Tables of training and of serving in four places, of which some differ."""

import numpy as np
import pyarrow as pa

from tests.support.skews import contract

ROWS = 4000
#: Half, 37, 9 and 4 in a hundred rows.
PLACES = np.repeat(list("ABCD"), [2000, 1480, 360, 160])


def table(**changed):
    """Rows of a key, a place, a text of 40 values, a number and a label."""
    at = np.arange(ROWS)
    columns = {
        "id": [f"r{i}" for i in at],
        "place": PLACES,
        "kind": [f"k{i * 7 % 40}" for i in at],
        "x": at * 13 % 1000 / 7,
        "late": at % 2,
        **changed,
    }
    return pa.table({k: v for k, v in columns.items() if v is not None})


def served(**changed):
    return table(**{"late": None, **changed})


def unjoined(**changed):
    """Serving data that shares no key with training, so that only distributions speak."""
    return served(**{"id": [f"s{i}" for i in range(ROWS)], **changed})


def where(condition, there, elsewhere):
    return [there if yes else other for yes, other in zip(condition, elsewhere, strict=True)]


X = table()["x"].to_pylist()
KINDS = table()["kind"].to_pylist()
THIRD = np.arange(ROWS) % 3 == 0


def loose(extra=""):
    """A contract by which neither the schema nor values by key hold anything here."""
    warned = [
        "enum_type_unexpected_string_values",
        "feature_type_low_fraction_present",
        "feature_type_not_present",
    ]
    codes = ", ".join(f"{code}: warn" for code in warned)
    skew = f"skew: {{mismatch: report{extra}}}"
    return contract(f"slices: [[place]]\ngates: {{{skew}, findings: {{{codes}}}}}\n")


def share(result, feature, kind, of=""):
    (found,) = [s for s in result.shares if (s.feature, s.kind, s.slice) == (feature, kind, of)]
    return found
