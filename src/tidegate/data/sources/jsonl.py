"""Read JSON Lines: one JSON object a line, in UTF-8."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from tidegate.core.errors import SourceError
from tidegate.data.sources import records
from tidegate.data.sources.objects import SourceObject
from tidegate.data.sources.quarantine import BadRecordError
from tidegate.data.sources.streams import open_stream, readable
from tidegate.platform.storage import Store

#: The longest line in bytes; without a limit, a file without line ends would fill the memory.
MAX_LINE: Final = 1 << 24

_BOM: Final = b"\xef\xbb\xbf"


def parse(raw: bytes) -> Mapping[str, records.Value]:
    """Parse one line into a mapping; booleans become 1 and 0.

    Raises:
        BadRecordError: it is no JSON object, names a key twice, or has half a surrogate pair, or a
            number that no double holds.
    """
    try:
        text = raw.decode()
        found = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise BadRecordError(f"byte {error.start + 1} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadRecordError(
            f"not valid JSON: {error.msg.lower()} (column {error.pos + 1}){_hint(text)}"
        ) from None
    except RecursionError:
        raise BadRecordError("not valid JSON: nested too deeply") from None
    except BadRecordError:
        raise
    except ValueError:
        raise BadRecordError("a number has too many digits") from None
    if not isinstance(found, dict):
        raise BadRecordError(f"not a JSON object; a line is {{...}}{_hint(text)}")
    return {name: _value(name, value) for name, value in found.items()}


def _hint(text: str) -> str:
    """How to turn the JSON that begins with a line into lines, if it is no line of its own."""
    if text.lstrip().startswith("["):
        return "; is it one array? jq -c '.[]' FILE writes its objects as lines"
    if text.strip() == "{":
        return "; is it one object over several lines? jq -c . FILE writes each on one line"
    return ""


def _value(name: str, value: Any) -> records.Value:
    if value is None:
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict | list):
        what = "an object" if isinstance(value, dict) else "a list"
        fault = f"column {name!r} holds {what}; flatten it into columns, or drop it"
        return records.NotPlain(what, fault)
    try:
        if isinstance(value, str):
            value.encode()
        elif not math.isfinite(value):
            raise OverflowError
    except UnicodeEncodeError:
        raise BadRecordError(f"column {name!r} holds half a surrogate pair") from None
    except OverflowError:
        raise BadRecordError(f"column {name!r} holds a number that no double can hold") from None
    return value  # type: ignore[no-any-return]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    for name in made:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise BadRecordError(f"the key {name!r} holds half a surrogate pair") from None
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRecordError(f"key {twice!r} is given twice")
    return made


def _constant(text: str) -> NoReturn:
    raise BadRecordError(f"not valid JSON: {text} is no JSON value; write null")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _lines(store: Store, item: SourceObject) -> Iterator[records.Frame]:
    with readable(item), open_stream(store, item) as stream:
        file = io.BufferedReader(stream, 1 << 20)
        number = 0
        while raw := file.readline(MAX_LINE + 1):
            number += 1
            if len(raw) > MAX_LINE:
                raise SourceError(f"{item.label}:{number}: a line of over {MAX_LINE:,} bytes")
            line = (raw.removeprefix(_BOM) if number == 1 else raw).rstrip(b"\r\n")
            if line.strip():
                yield number, line, None


#: JSON Lines.
FORMAT: Final = records.RecordFormat(_lines, parse, leaves_out=True)
