"""The schema: what later spans are checked against, and its changes.

files          TFMD text in and out
domains        the values of string features
evidence       the data of spans for a column, and the bounds that follow
inference      the schema that one or many spans suggest
diff           the difference of two schemas as changes that can be stored and applied
describe       parts of a schema in words
proposal       changes for a person to decide on
propose        the changes that spans need in order to pass
evidence_text  the evidence for each change in words
tfx_import     schemas that were written for TFDV or TFX
enforcement    entries that TFDV ignores: repaired or reported
conformance    TFDV's validation of a span against a schema
anomalies      TFDV's anomalies in Tidegate's words
slices         anomalies of single slices
approval       versions in the registry: proposed, approved, rejected

`tidegate.validation.schema_proposal` proposes changes for a run whose data does not fit.
`validate` enforces whatever TFDV can express in a schema, except what `tfx_import` lists.
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
