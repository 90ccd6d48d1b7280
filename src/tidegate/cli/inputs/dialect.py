"""How the files of a command line are written, where no contract says it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tidegate.cli.inputs.files import FORMATS, STATISTICS, Files
from tidegate.contract import Contract
from tidegate.contract.sections import Source
from tidegate.core.errors import ContractError


@dataclass(frozen=True)
class Dialect:
    """The format of files without a contract.

    None means that the file names or the defaults of a contract decide.

    Attributes:
        text: The columns to read as text.
        mixed: Whether files of another format may stand beside CSV, to which options of CSV do not
            apply.
    """

    read_as: str | None = None
    delimiter: str | None = None
    null_values: tuple[str, ...] | None = None
    max_bad_records: float | None = None
    encoding: str | None = None
    skip_lines: int | None = None
    header: str | None = None
    thousands: str | None = None
    decimal: str | None = None
    text: tuple[str, ...] = ()
    mixed: bool = False

    @property
    def csv(self) -> dict[str, Any]:
        """The given settings of CSV, by their name in a contract."""
        names = ("delimiter", "null_values", "encoding", "skip_lines", "thousands", "decimal")
        given = {n: getattr(self, n) for n in names if getattr(self, n) is not None}
        if self.header is not None:
            named = self.header == "first_row"
            given["header"] = self.header if named else tuple(self.header.split(","))
        return given

    def require_none(self) -> None:
        """Check that no option is given that a contract replaces.

        Raises:
            ContractError: naming the option.
        """
        given = [_option(name) for name in self.csv]
        given += ["max-bad-records"] if self.max_bad_records is not None else []
        given += ["text"] if self.text else []
        for option in given:
            raise ContractError(f"--{option} is for files without a contract; it says that")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the format of files."""
    group = parser.add_argument_group("how files are written, where no contract says it")
    group.add_argument("--read-as", choices=FORMATS, help="the format; else the name's end tells")
    group.add_argument("--delimiter", metavar="CHARACTER", help="CSV: between fields (default: ,)")
    group.add_argument(
        "--null",
        action="append",
        metavar="TEXT",
        help="CSV: a text that means a missing value, beside the empty one; may be repeated",
    )
    group.add_argument(
        "--max-bad-records",
        type=_number_or_share,
        metavar="N",
        help="set up to so many records aside that cannot be read, and count them; below 1, a "
        "share of all (default: the first is an error)",
    )
    group.add_argument("--encoding", metavar="NAME", help="CSV: of its text (default: utf-8)")
    group.add_argument(
        "--skip-lines",
        type=int,
        metavar="N",
        help="CSV: the lines before the column names, such as a title or a comment",
    )
    group.add_argument(
        "--header",
        metavar="NAMES",
        help="CSV: the column names of files that have none, with commas between them; first_row: "
        "the first row has them, even if it looks like data",
    )
    group.add_argument("--thousands", metavar="CHARACTER", help="CSV: between thousands in numbers")
    group.add_argument(
        "--decimal", choices=[".", ","], help="CSV: before decimals in numbers (default: .)"
    )
    group.add_argument(
        "--text",
        action="append",
        metavar="COLUMN",
        help="numbers that are names, such as 007: read as text; may be repeated",
    )


def dialect(options: argparse.Namespace, *, mixed: bool = False) -> Dialect:
    """The dialect from those options."""
    return Dialect(
        read_as=options.read_as,
        delimiter=options.delimiter,
        null_values=None if options.null is None else ("", *options.null),
        max_bad_records=options.max_bad_records,
        encoding=None if options.encoding is None else options.encoding.lower(),
        skip_lines=options.skip_lines,
        header=options.header,
        thousands=options.thousands,
        decimal=options.decimal,
        text=tuple(options.text or ()),
        mixed=mixed,
    )


def _option(key: str) -> str:
    return {"null_values": "null"}.get(key, key).replace("_", "-")


def _number_or_share(text: str) -> float:
    try:
        value = int(text) if text.isdecimal() else float(text)
    except ValueError:
        value = -1
    if not (value >= 0 and (isinstance(value, int) or 0 < value < 1)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records, and no share below 1")
    return value


def reading_of(files: Files, contract: Contract | None, how: Dialect) -> Contract:
    """The contract by which files are read; a bare one if none is given."""
    return bare_contract(files, how) if contract is None else written(contract, files)


def as_text(contract: Contract, columns: Collection[str]) -> Contract:
    """Copy a contract with more columns to read as text."""
    categorical = tuple(dict.fromkeys([*contract.features.categorical, *sorted(columns)]))
    features = contract.features.model_copy(update={"categorical": categorical})
    return contract.model_copy(update={"features": features})


class Padded(Protocol):
    """Data that know which of their columns are text because of numbers with leading zeros."""

    @property
    def padded(self) -> frozenset[str]:
        """These columns."""


_P = TypeVar("_P", bound=Padded)


def read_alike(
    first: Callable[[Collection[str]], _P], second: Callable[[Collection[str]], _P]
) -> tuple[_P, _P]:
    """Read two data sets with one type for columns of padded numbers.

    007 and 7 are different names, and 7 is no number where the other side has 007.

    Args:
        first: Reads one side; takes the columns to read as text.
        second: The same for the other side.
    """
    one = first(())
    other = second(one.padded)
    more = other.padded - one.padded
    return (first(one.padded | more) if more else one), other


def bare_contract(files: Files, how: Dialect) -> Contract:
    """A contract that describes only how files are written.

    It has no key, no label and no time, and accepts any number of rows.

    Raises:
        ContractError: the dialect is not valid.
    """
    # Statistics have no rows to read, so any format will do.
    format_ = "parquet" if files.format == STATISTICS else files.format
    source: dict[str, Any] = {"uri": files.name, "format": format_}
    if files.format == "csv":
        source |= {"delimiter": "\t"} if files.tabs else {}
        source |= how.csv
    elif how.csv and not how.mixed:
        option = _option(next(iter(how.csv)))
        raise ContractError(f"--{option} is for CSV; {files.name} is {files.format}")
    # A Parquet file is good as a whole or not at all.
    if how.max_bad_records is not None and format_ != "parquet":
        source.update(bad_records="quarantine", max_bad_records=how.max_bad_records)
    stem = Path(files.name).name.split(".")[0].lower()
    name = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:63] or "data"
    try:
        whole = Contract.model_validate(
            {
                "dataset": name,
                "source": source,
                "key": ("any",),
                "features": {"categorical": how.text},
                "gates": {"min_examples": 1},
            }
        )
    except ValueError as error:
        first = error.errors()[0] if hasattr(error, "errors") else {"msg": str(error), "loc": ()}
        where = next((f"--{_option(n)}: " for n in first["loc"][1:2]), "")
        raise ContractError(f"{files.name} cannot be read so: {where}{first['msg']}") from None
    # A contract must name a key; for a bare file the key is unknown.
    return whole.model_copy(update={"key": ()})


def written(contract: Contract, files: Files) -> Contract:
    """Copy a contract with these files as its source.

    If their format differs from the contract's, their names decide it.
    """
    if files.format in (contract.source.format, STATISTICS):
        source = contract.source
    else:
        tabs = {"delimiter": "\t"} if files.tabs else {}
        source = Source(uri=files.name, format=files.format, **tabs)  # type: ignore[arg-type]
    return contract.model_copy(update={"source": source})
