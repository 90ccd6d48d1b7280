"""The contract: the sections of one data set, and their consistency."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, PrivateAttr, model_validator

from tidegate.contract.gates import Distances, Drift, Gates, Limits
from tidegate.contract.model import Evaluation, Training
from tidegate.contract.needs import Need
from tidegate.contract.reading import parse
from tidegate.contract.rules import Rule
from tidegate.contract.sections import (
    Column,
    ColumnFacts,
    Features,
    Files,
    Join,
    Section,
    Source,
    Splits,
    quoted,
)
from tidegate.contract.serving import Serving
from tidegate.core.codes import ALL_COLUMNS
from tidegate.core.errors import ContractError, StorageError
from tidegate.core.task import Task
from tidegate.core.text import nearest
from tidegate.platform.storage import open_store


def _require(named: Sequence[tuple[str, str]], columns: Sequence[str]) -> None:
    columns = tuple(dict.fromkeys(columns))  # Callers name those of both sides.
    for where, column in named:
        if column not in columns:
            raise ContractError(
                f"{where} names the column {column!r}, which the data does not have"
                + nearest(column, columns)
            )


class Contract(Section):
    """What one dataset is and what is expected of it."""

    dataset: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Name in the registry and in reports."
    )
    source: Source
    joins: tuple[Join, ...] = Field((), description="Look-up tables to join, one after the other.")
    key: tuple[Column, ...] = Field(
        (),
        min_length=1,
        description="Columns that identify an example. Without a key, equal rows are one thing to "
        "the splits, and what needs a key is not done.",
    )
    time: Column | None = Field(None, description="The column that says when an example happened.")
    label: Column | None = Field(None, description="What is to be predicted.")
    task: Task | None = Field(
        None, description="Inferred from the label's values when left out: two values are binary."
    )
    columns: dict[Column, ColumnFacts] = Field(
        default_factory=dict,
        description="What is known of columns and their values do not say, by name.",
        examples=[{"distance": {"unit": "mile"}}],
    )
    features: Features = Features()
    splits: Splits = Splits()
    gates: Gates = Gates()
    slices: tuple[tuple[Column, ...], ...] = Field(
        (), description="Column combinations by which a model is judged beside the whole."
    )
    needs: tuple[Need, ...] = Field((), description="What users need, and the data for it.")
    serving: Serving | None = Field(
        None, description="Where the features lie that a model was given in production."
    )
    rules: tuple[Rule, ...] = Field((), description="What must be so of the data, in SQL.")
    training: Training = Training()
    evaluation: Evaluation = Evaluation()

    _digest: str = PrivateAttr("")
    _base: str = PrivateAttr(".")

    @model_validator(mode="after")
    def _consistent(self) -> Contract:
        if self.label is not None and self.label in self.key:
            raise ValueError(
                f"label {self.label!r} is part of the key, and a key names an example before its "
                "label is known; take it out of 'key', or leave 'key' away if no other column "
                "names an example"
            )
        if self.time in self.features.categorical:
            raise ValueError(f"features.categorical names {self.time!r}, which is the time")
        if wrong := {*self.key, self.time} & set(self.features.numeric):
            raise ValueError(f"features.numeric names {quoted(wrong)}, which is key or time")
        for name, configured in self.gates.drift.features.items():
            limited = isinstance(configured, Limits) and configured.l_infinity is not None
            if limited and name in self.features.numeric:
                raise ValueError(
                    f"gates.drift.features.{name} limits l_infinity, which numbers do not have"
                )
        if self.gates.freshness is not None and self.time is None:
            raise ValueError("gates.freshness is given, and no column is named in time; name it")
        names = [rule.name for rule in self.rules]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"rules has {quoted(twice)} more than once")
        if self.serving is not None and self.label in (self.serving.key or ()):
            raise ValueError(
                f"label {self.label!r} is part of serving.key, and serving knows no label; take it "
                "out"
            )
        if self.splits.by == "time" and self.time is None:
            raise ValueError("splits.by is time, and no column is named in time; name it")
        if self.splits.column is not None and self.splits.column == self.label:
            raise ValueError(f"splits.by names {self.label!r}, which is the label")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal."""
        return self._digest

    @property
    def source_uri(self) -> str:
        """`source.uri`, absolute against the contract's directory or URI."""
        return self.absolute(self.source.uri, where="source.uri")

    def absolute(self, uri: str, *, where: str) -> str:
        """Make a URI in the contract absolute, as for `source_uri`.

        Raises:
            ContractError: it leads out of the contract's bucket; `where` names the key.
        """
        scheme, mark, place = self._base.partition("://")
        if "://" in uri or (mark and uri.startswith("/")):
            return uri
        if not mark:
            return str(Path(self._base, uri))
        bucket, _, folder = place.partition("/")
        name = posixpath.normpath(posixpath.join(folder, uri))
        if name.startswith("../"):
            raise ContractError(f"{where} {uri!r} leads out of {scheme}://{bucket}")
        return f"{scheme}://{bucket}/{name}"

    def for_lookup(self, join: Join, *, categorical: set[str], numeric: set[str]) -> Contract:
        """A contract for reading the look-up of a join.

        The columns are the look-up's own.
        """
        files = join.model_dump(include={"uri", *Files.model_fields}, exclude_unset=True)
        features = Features(
            categorical=tuple(sorted(categorical)), numeric=tuple(sorted(numeric - categorical))
        )
        return self.model_copy(update={"source": Source(**files), "features": features})

    @property
    def serving_key(self) -> tuple[str, ...]:
        """The join columns of serving logs, by their training names."""
        return (self.serving.key if self.serving is not None else None) or self.key

    def for_serving(self) -> Contract:
        """A contract for reading serving logs: their source and names.

        It has no look-ups.

        Raises:
            ContractError: this contract has no section with the location of the logs.
        """
        if self.serving is None:
            raise ContractError(
                "the contract has no section serving, so nothing says where the logs lie; add "
                "serving.source"
            )
        names, features = self.serving.columns, self.features
        renamed = Features(
            categorical=tuple(names.get(c, c) for c in features.categorical),
            numeric=tuple(names.get(c, c) for c in features.numeric),
        )
        return self.model_copy(
            update={"source": self.serving.source, "joins": (), "features": renamed}
        )

    def for_skew(self) -> Contract:
        """Copy the contract with `gates.skew` limits in place of drift's."""
        skew = self.gates.skew
        limits = Drift(**{name: getattr(skew, name) for name in Distances.model_fields})
        if self.label is not None:
            # Serving knows no label; where logs have one, label_in_serving says so.
            features = {**limits.features, self.label: "report"}
            limits = limits.model_copy(update={"features": features})
        return self.model_copy(update={"gates": self.gates.model_copy(update={"drift": limits})})

    def require_skew_columns(self, columns: Sequence[str]) -> None:
        """Check that `columns` has every column of `gates.skew` and `serving`.

        Raises:
            ContractError: naming the first column that is missing and the nearest there is.
        """
        _require(self._named_of_skew, columns)

    @property
    def _named_of_skew(self) -> list[tuple[str, str]]:
        skew = self.gates.skew
        named = [("gates.skew.features", c) for c in skew.features]
        named += [("gates.skew.mismatch.features", c) for c in skew.mismatch.features]
        named += [("gates.skew.tolerance.features", c) for c in skew.tolerance.features]
        if self.serving is not None:
            named += [("serving.key", c) for c in self.serving.key or ()]
            named += [("serving.columns", c) for c in self.serving.columns]
        return named

    @property
    def not_features(self) -> frozenset[str]:
        """The columns no model may see.

        They are key, time, label, split column and the excluded columns.
        """
        named = (*self.key, self.time, self.label, self.splits.column, *self.features.exclude)
        return frozenset(c for c in named if c is not None)

    def is_sampled(self, column: str) -> bool:
        """Whether a column is part of the sample kept with statistics."""
        return column == self.label or column not in self.not_features

    @property
    def split_columns(self) -> tuple[str, ...]:
        """The columns whose values decide an example's split; none if all of them do."""
        if self.splits.by == "time" and self.time is not None:
            return (self.time,)
        if self.splits.column is not None:
            return (self.splits.column,)
        return self.splits.hash_columns or self.key

    def require_columns(self, columns: Sequence[str]) -> None:
        """Check that every column this contract names is among `columns`.

        The columns of slices and label are included: a contract that names a column the data has
        never had is a mistake, while one that vanishes later is an anomaly of the data.

        Raises:
            ContractError: naming the first column that is missing and the nearest there is.
        """
        _require(self._named, columns)

    def role(self, column: str) -> str:
        """The key of the contract that needs `column`; empty if none does."""
        named = (where for where, name in self._named if name == column)
        return next((where for where in named if where != "features.exclude"), "")

    @property
    def _named(self) -> list[tuple[str, str]]:
        named: list[tuple[str, str]] = [("key", c) for c in self.key]
        named += [("splits.by", c) for c in self.split_columns]
        named += [("time", self.time)] if self.time else []
        named += [("label", self.label)] if self.label else []
        named += [("features.categorical", c) for c in self.features.categorical]
        named += [("features.numeric", c) for c in self.features.numeric]
        named += [("columns", c) for c in self.columns]
        named += [("features.exclude", c) for c in self.features.exclude]
        named += [("gates.drift.features", c) for c in self.gates.drift.features]
        accepted = self.gates.drift.accepted.values()
        named += [("gates.drift.accepted", c) for columns in accepted for c in columns]
        named += self._named_of_skew
        # What is new to the data may be named before it is there.
        findings = {k: v for k, v in self.gates.findings.items() if k != "schema_new_column"}
        by_column = {c for columns in findings.values() for c in columns} - {ALL_COLUMNS}
        named += [("gates.findings", c) for c in sorted(by_column)]
        named += [("slices", c) for group in self.slices for c in group]
        return named

    @classmethod
    def load(cls, path: str | Path, *, digest: str | None = None) -> Contract:
        """Read and check a contract.

        Args:
            path: A file, or its URI in any store.
            digest: If given, the SHA-256 the file must have, so that a contract cannot change
                within a run.

        Raises:
            ContractError: one line for each mistake, with file, line, key and remedy.
        """
        file = str(path).removeprefix("file://")
        folder, _, name = file.rpartition("/")
        try:
            if "://" in folder:
                raw = open_store(folder).read(name)[0]
            else:
                raw = Path(file).read_bytes()
                # Links are not followed: a ConfigMap's lead to folders that change with it.
                folder = str(Path(os.path.abspath(file)).parent)  # noqa: PTH100
            text = raw.decode("utf-8")
        except (OSError, StorageError, UnicodeDecodeError) as error:
            raise ContractError(f"cannot read the contract {file}: {error}") from None
        contract = cls.parse(text, name=file)
        contract._digest = hashlib.sha256(raw).hexdigest()
        contract._base = folder
        if digest and digest != contract._digest:
            raise ContractError(
                f"the contract {file} changed since the run began; start the run again"
            )
        return contract

    @classmethod
    def parse(cls, text: str, *, name: str = "contract") -> Contract:
        """Check a contract given as YAML text.

        `name` replaces its file name in messages.
        """
        return parse(cls, text, name=name)
