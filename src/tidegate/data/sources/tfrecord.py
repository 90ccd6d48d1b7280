"""Read TFRecord files of tf.Example, plain or gzipped, without TensorFlow.

A record is: length (uint64, little-endian), masked CRC-32C of those 8 bytes, data, masked CRC-32C
of the data; masked is ((crc >> 15) | (crc << 17)) + 0xa282ead8 modulo 2**32 (TensorFlow,
`core/lib/io/record_writer.h`). The length locates the next record, so a file with a damaged length
cannot be read further and is an error, even if the contract sets bad records aside.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

import google_crc32c
import pyarrow as pa
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message,
    message_factory,
    unknown_fields,
)

from tidegate.core.errors import SourceError
from tidegate.data.sources import records
from tidegate.data.sources.objects import SourceObject
from tidegate.data.sources.quarantine import BadRecordError
from tidegate.data.sources.streams import open_stream, readable
from tidegate.platform.storage import Store

#: The longest record in bytes; a longer one is an error: it is not a row of plain values.
MAX_RECORD: Final = 1 << 26

_GZIP: Final = b"\x1f\x8b\x08"


def masked_crc(data: bytes) -> int:
    """The masked checksum of a record's length or data."""
    crc: int = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def parse(raw: bytes) -> Mapping[str, records.Value]:
    """Parse a serialized tf.Example; an empty list is a missing value.

    Raises:
        BadRecordError: it is none.
    """
    example = Example()
    try:
        example.ParseFromString(raw)
    except message.DecodeError:
        raise BadRecordError("not a tf.Example") from None
    if len(unknown_fields.UnknownFieldSet(example)):
        raise BadRecordError("not a tf.Example: it has other fields; is it a SequenceExample?")
    features = example.features.feature
    return {name: _value(name, features[name]) for name in sorted(features)}


def _value(name: str, feature: Any) -> records.Value:
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else ()
    if not values:
        return None
    if len(values) > 1:
        return records.NotPlain(
            f"{len(values)} values",
            f"feature {name!r} has {len(values)} values; write one feature for each, or drop it",
        )
    value: Any = values[0]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return records.NotPlain("bytes", f"feature {name!r} is not UTF-8 text; drop it")
    return value  # type: ignore[no-any-return]


def frames(store: Store, item: SourceObject) -> Iterator[records.Frame]:
    """The records of a file, each with its number and its fault, if it has one.

    Raises:
        SourceError: the file cannot be read, or ends within a record.
    """
    with readable(item), open_stream(store, item) as stream:
        file: Any = io.BufferedReader(stream, 1 << 20)
        # TFX writes gzip under any name. No plain record is mistaken for it: its crc decides.
        head = file.peek(12)[:12]
        if head.startswith(_GZIP) and not _length_is_whole(head):
            file = io.BufferedReader(pa.CompressedInputStream(file, "gzip"), 1 << 20)
        number = 0
        while head := file.read(12):
            number += 1
            where = f"{item.label}:{number}"
            if len(head) < 12:
                raise SourceError(f"{where}: the file ends within a record; write it again")
            if not _length_is_whole(head):
                raise SourceError(
                    f"{where}: the length of the record is damaged, or this is no TFRecord file"
                )
            (length,) = struct.unpack("<Q", head[:8])
            if length > MAX_RECORD:
                raise SourceError(f"{where}: a record of {length:,} bytes is too long")
            data, tail = file.read(length), file.read(4)
            if len(data) < length or len(tail) < 4:
                raise SourceError(f"{where}: the file ends within a record; write it again")
            whole = struct.unpack("<I", tail)[0] == masked_crc(data)
            yield number, data, None if whole else "the record's checksum does not match its data"


def _length_is_whole(head: bytes) -> bool:
    return len(head) == 12 and struct.unpack("<I", head[8:])[0] == masked_crc(head[:8])


def _example_class() -> Any:
    # TensorFlow's example.proto and feature.proto, in a pool of its own: TensorFlow, where it is
    # loaded too, registers the same names in the default one.
    file = descriptor_pb2.FileDescriptorProto(
        name="tidegate/example.proto", package="tensorflow", syntax="proto3"
    )
    scalar = descriptor_pb2.FieldDescriptorProto
    for name, type_ in (
        ("BytesList", scalar.TYPE_BYTES),
        ("FloatList", scalar.TYPE_FLOAT),
        ("Int64List", scalar.TYPE_INT64),
    ):
        made = file.message_type.add(name=name)
        made.field.add(name="value", number=1, label=scalar.LABEL_REPEATED, type=type_)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, name in enumerate(("bytes_list", "float_list", "int64_list"), start=1):
        kind = "".join(part.title() for part in name.split("_"))
        feature.field.add(
            name=name,
            number=number,
            label=scalar.LABEL_OPTIONAL,
            type=scalar.TYPE_MESSAGE,
            type_name=f".tensorflow.{kind}",
            oneof_index=0,
        )
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=scalar.LABEL_OPTIONAL, type=scalar.TYPE_STRING)
    message_field = {"label": scalar.LABEL_OPTIONAL, "type": scalar.TYPE_MESSAGE}
    entry.field.add(name="value", number=2, type_name=".tensorflow.Feature", **message_field)
    features.field.add(
        name="feature",
        number=1,
        label=scalar.LABEL_REPEATED,
        type=scalar.TYPE_MESSAGE,
        type_name=".tensorflow.Features.FeatureEntry",
    )
    example = file.message_type.add(name="Example")
    example.field.add(name="features", number=1, type_name=".tensorflow.Features", **message_field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


#: The message class of tf.Example.
Example: Final = _example_class()

#: TFRecord files of tf.Example.
FORMAT: Final = records.RecordFormat(frames, parse, leaves_out=False)
