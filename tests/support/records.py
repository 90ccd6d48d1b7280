"""Records in every format, and rows read from them."""

import json
import struct
import tempfile
from pathlib import Path

import pyarrow as pa

from tidegate.contract import Contract
from tidegate.data import sources
from tidegate.data.sources.tfrecord import Example, masked_crc


def contract(directory, kind, *, features="{}", **source):
    options = json.dumps({"uri": f"{directory}/{{SPAN}}*", "format": kind, **source})
    return Contract.parse(
        f"dataset: d\nsource: {options}\nkey: [id]\nfeatures: {features}\n"
        "splits: {train: 1, eval: 1}\n"
    )


def read(content, kind="jsonl", *, name="1", **options):
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, name).write_bytes(content)
        made = contract(directory, kind, **options)
        bad = sources.BadRecords(made)
        batches = list(sources.read(sources.resolve(made, "1"), made, bad=bad))
        return pa.Table.from_batches(batches), bad.records


def lines(*records):
    return "".join(json.dumps(r) + "\n" for r in records).encode()


def framed(*payloads):
    made = b""
    for data in payloads:
        head = struct.pack("<Q", len(data))
        made += head + struct.pack("<I", masked_crc(head)) + data
        made += struct.pack("<I", masked_crc(data))
    return made


def example(**features):
    made = Example()
    for name, values in features.items():
        values = values if isinstance(values, list) else [values]
        feature = made.features.feature[name]
        if values and isinstance(values[0], str | bytes):
            feature.bytes_list.value.extend(v.encode() if isinstance(v, str) else v for v in values)
        elif values and isinstance(values[0], float):
            feature.float_list.value.extend(values)
        else:
            feature.int64_list.value.extend(values)
    return made.SerializeToString()
