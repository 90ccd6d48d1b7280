"""The schema: what every later span is held against, and how it may change.

    files      TFMD text in and out
    evidence   what spans say of a column, and which bounds follow
    inference  the schema that one span or many suggest
    changes    the difference of two schemas as changes that can be kept and applied; words has
               what is said of them
    proposal   changes for a person to decide on
    fit        the changes that spans would need to pass; told has the evidence for each
    imports    schemas that were written for TFDV or TFX
    life       versions in the registry: proposed, approved, rejected
    offer      what a run proposes when data does not fit

Whatever TFDV can express in a schema, `validate` enforces, save what `imports` names.
"""

from tidegate.schema.domains import domain
from tidegate.schema.evidence import MAX_MISSING, MAX_UNSEEN
from tidegate.schema.files import SERVING, TRAINING, digest, parse, read, read_file, text, write
from tidegate.schema.inference import Learnt, infer, learn

__all__ = [
    "MAX_MISSING",
    "MAX_UNSEEN",
    "SERVING",
    "TRAINING",
    "Learnt",
    "digest",
    "domain",
    "infer",
    "learn",
    "parse",
    "read",
    "read_file",
    "text",
    "write",
]
