"""What the label of an interval says, held against rows."""

import re

import numpy as np

_NUMBER = r"\u2212?[0-9][0-9,]*(?:\.[0-9]+)?(?:e-?[0-9]+)?"


def plain(number):
    return float(number.replace(",", "").replace("\u2212", "-"))


def held(label, values):
    """The share of the values that a label names."""
    values = np.asarray(values, float)
    ends = [plain(n) for n in re.findall(_NUMBER, label)]
    match re.sub(_NUMBER, "N", label):
        case "N":
            hits = values == ends[0]
        case "\u2248 N":
            digits = len(re.sub(r"e.*|[^0-9]", "", label).lstrip("0"))
            rounded = [float(f"{v:.{digits - 1}e}") if np.isfinite(v) else v for v in values]
            hits = np.array(rounded) == ends[0]
        case "any":
            hits = np.ones(len(values))
        case "below N":
            hits = values < ends[0]
        case "above N":
            hits = values > ends[0]
        case "N or more":
            hits = values >= ends[0]
        case "N or less":
            hits = values <= ends[0]
        case "N to N":
            hits = (values >= ends[0]) & (values <= ends[1])
        case "N to below N":
            hits = (values >= ends[0]) & (values < ends[1])
        case "NaN":
            hits = np.isnan(values)
        case unknown:
            raise AssertionError(unknown)
    return float(np.mean(hits))
