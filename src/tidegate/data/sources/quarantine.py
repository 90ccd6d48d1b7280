"""Handle bad records: raise at the first, or set aside and count.

The contract decides which.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tidegate.contract import Contract
from tidegate.core.errors import SourceError
from tidegate.core.text import listing
from tidegate.data.text_values import TextValues

#: The most bad records that a message names.
_NAMED: Final = 3
#: The most reasons that are reported.
_REASONS: Final = 5


class BadRecordError(ValueError):
    """A record that a format cannot read; the text is the reason."""


@dataclass(frozen=True)
class BadRecord:
    """One record that was set aside.

    Attributes:
        file: The object's name.
        line: The line it begins on, counted from 1; the record's number if there are no lines.
        reason: The fault.
        raw: Its bytes; for CSV, as UTF-8.
    """

    file: str
    line: int
    reason: str
    raw: bytes

    @property
    def as_json(self) -> str:
        """One line of a quarantine file.

        `raw_base64` replaces `raw` if it is not UTF-8.
        """
        facts: dict[str, object] = {"file": self.file, "line": self.line, "reason": self.reason}
        try:
            facts["raw"] = self.raw.decode()
        except UnicodeDecodeError:
            facts["raw_base64"] = base64.b64encode(self.raw).decode()
        return json.dumps(facts, ensure_ascii=False)


@dataclass
class BadRecords:
    """The records set aside in one reading of a span.

    They are held in memory, so the contract's limit bounds it.

    Attributes:
        contract: The contract, which decides on bad records.
        records: The bad records, in the order they were found.
        good: The number of good records.
        left_out: The columns that are not read because they hold no plain values, each with what it
            holds. None of them has a role in the contract.
        empty: The objects that have column names and no rows.
        text_values: Of columns of numbers, the values for which they are read as text.
        partitions: The columns that folders name (`country=DE/`).
        spans: The names of folders that are no columns, because the span stands in them.
    """

    contract: Contract
    records: list[BadRecord] = field(default_factory=list)
    good: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    text_values: dict[str, TextValues] = field(default_factory=dict)
    partitions: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether bad records are set aside instead of being errors."""
        return self.contract.source.bad_records == "quarantine"

    def add(self, file: str, line: int, reason: str, raw: bytes) -> None:
        """Set a record aside.

        Raises:
            SourceError: the contract requires an error, or there are more than it allows.
        """
        if not self.kept:
            raise SourceError(f"{file}:{line}: {reason}")
        self.records.append(BadRecord(file, line, reason, raw))
        limit = self.contract.source.max_bad_records
        if isinstance(limit, int) and len(self.records) > limit:
            raise self._too_many()

    def leave_out(self, column: str, what: str, file: str) -> None:
        """Leave a column out, as nothing can judge it.

        Args:
            column: Its name.
            what: What it holds instead of plain values.
            file: The object that it was found in.

        Raises:
            SourceError: the contract gives it a role, so it is needed.
        """
        if role := self.contract.role(column):
            raise SourceError(
                f"{file}: column {column!r} is {what}, and the contract names it in {role}; "
                "flatten it into columns of numbers, texts or times"
            )
        self.left_out.setdefault(column, what)

    def require_a_column(self, names: Sequence[str], file: str) -> None:
        """Check that rows have a column that can be judged.

        Raises:
            SourceError: there are rows, and `names` is empty; says what was left out.
        """
        if self.good and not names:
            what = "; ".join(f"{name!r} is {what}" for name, what in self.left_out.items())
            raise SourceError(
                f"{file} has {self.good:,} rows and no column that can be judged"
                + (f": {what}" if what else ": every row is empty")
            )

    def check(self) -> None:
        """Check the contract's limit, once all records were read.

        Raises:
            SourceError: there are more bad records than it allows; names the first.
        """
        limit = self.contract.source.max_bad_records
        allowed = limit if isinstance(limit, int) else limit * (self.good + len(self.records))
        if len(self.records) > allowed:
            raise self._too_many()

    def notes(self) -> Iterator[str]:
        """What else whoever reads the data should know, in lines."""
        if self.empty:
            more = f" and {len(self.empty) - 1} more" if len(self.empty) > 1 else ""
            yield f"skipped, as there are column names and no rows: {self.empty[0]}{more}"
        if self.partitions:
            yield f"columns from the names of folders: {listing(list(self.partitions))}"
        if self.spans:
            yield (
                f"no columns, because the span stands in these folders: {listing(list(self.spans))}"
            )
        for texts in self.text_values.values():
            if texts.padded:
                yield f"column {texts.column!r} is text, for {texts.examples}: {texts.remedy}"

    def lines(self) -> Iterator[str]:
        """The lines of the quarantine file."""
        return (f"{record.as_json}\n" for record in self.records)

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """The most frequent reasons, each with its number of records."""
        return tuple(Counter(r.reason for r in self.records).most_common(_REASONS))

    def _too_many(self) -> SourceError:
        first = "; ".join(f"{r.file}:{r.line}: {r.reason}" for r in self.records[:_NAMED])
        return SourceError(
            f"{len(self.records)} bad records, more than source.max_bad_records "
            f"({self.contract.source.max_bad_records}) allows; the first: {first}"
        )
