"""Compute the difference of two schemas as changes.

People can read the changes, and programs can store and apply them. A change concerns one aspect of
one column: its type, its presence, the values it may have. Every other TFMD field of a column or of
the whole schema is an aspect too, so that applying all changes from one schema to another always
gives the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tidegate.core.errors import SchemaError
from tidegate.core.text import count
from tidegate.schema import describe

#: `new` and `gone` are whole columns or domains. A `widened` aspect lets more data pass than
#: before, a `narrowed` one less; for `changed` neither is known.
Effect = Literal["new", "gone", "widened", "narrowed", "changed"]
Place = Literal["feature", "string_domain", "schema"]

_FIELDS: Final = {
    "presence": "presence",
    "group_presence": "presence",
    "shape": "number of values",
    "value_count": "number of values",
    "value_counts": "number of values",
    "in_environment": "environments",
    "not_in_environment": "environments",
    **{
        f.name: "domain" for f in schema_pb2.Feature.DESCRIPTOR.oneofs_by_name["domain_info"].fields
    },
}
_WHOLE: Final = "column"
_VALUES: Final = "values"


@dataclass(frozen=True)
class Change:
    """One change of one aspect.

    Attributes:
        place: The changed part of the schema: a feature, a string domain, or the schema itself.
        name: The feature or domain; empty for the schema itself.
        aspect: The changed aspect: `column` (all of it), `type`, `presence`, `domain`, `values`,
            ...
        effect: Whether more or less data passes afterwards.
        was: The aspect before, as the text of a `Schema` with only this aspect; empty if absent.
        becomes: The aspect afterwards, in the same form; empty if removed.
        columns: The affected columns.
        evidence: The evidence from data, each item in one sentence.
    """

    place: Place
    name: str
    aspect: str
    effect: Effect
    was: str
    becomes: str
    columns: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def widens(self) -> bool:
        """Whether more data may pass than before. True if unknown."""
        return self.effect in ("widened", "changed") or (
            self.effect == "gone" and self.place == "feature"
        )

    def sentence(self) -> str:
        """Describe the change in a line."""
        before, after = _parsed(self.was), _parsed(self.becomes)
        if self.place == "string_domain":
            values = describe.added(describe.domain_values(before), describe.domain_values(after))
            return f"{' and '.join(self.columns) or self.name}: {values}"
        if self.place == "schema":
            one, other = describe.line(self.was), describe.line(self.becomes)
            return f"{self.aspect}: {one or 'none'} -> {other or 'none'}"
        if self.aspect == _WHOLE:
            kind = describe.type_name((after if self.effect == "new" else before).feature[0])
            if self.effect == "new":
                return f"{self.name}: new column ({kind})"
            return f"{self.name}: column ({kind}) dropped, no longer required or checked"
        title, tell = describe.OF.get(self.aspect, (self.aspect, describe.rest))
        old = tell(before.feature[0]) if before.feature else tell(schema_pb2.Feature())
        new = tell(after.feature[0]) if after.feature else tell(schema_pb2.Feature())
        return f"{self.name}: {title} {old} -> {new}"

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Change:
        """Restore a change from `to_json`."""
        made: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
        return cls(**made)


def diff(old: Any, new: Any) -> list[Change]:
    """Compute the changes from one schema to another, in column order.

    A different order of columns or domains is no change.
    """
    found = [*_of_features(old, new), *_of_domains(old, new), *_of_schema(old, new)]
    order = {f.name: i for i, f in enumerate([*old.feature, *new.feature][::-1])}
    return sorted(
        found, key=lambda c: (c.place == "schema", -order.get((*c.columns, c.name)[0], 0))
    )


def apply(schema: Any, changes: Iterable[Change]) -> Any:
    """Apply changes to a copy of a schema.

    Raises:
        SchemaError: the part to change is no longer what it was when the change was proposed.
    """
    made = schema_pb2.Schema()
    made.CopyFrom(schema)
    for change in changes:
        if not same(_aspect_of(made, change), _parsed(change.was)):
            raise SchemaError(
                f"{change.sentence()}: the schema says something else of it by now; propose it anew"
            )
        _put(made, change, _parsed(change.becomes))
    return made


def same(one: Any, other: Any) -> bool:
    """Whether two schemas are equal, in any order of columns and domains."""
    return bool(_sorted(one) == _sorted(other))


def select(
    changes: Sequence[Change], *, only: Sequence[str] = (), without: Sequence[str] = ()
) -> tuple[Change, ...]:
    """Select the changes of some columns, or of all but some.

    Raises:
        SchemaError: a column has no change.
    """
    there = {name for c in changes for name in (*c.columns, c.name)}
    for name in (*only, *without):
        if name not in there:
            raise SchemaError(f"there is no change of {name!r}; there are: {', '.join(there)}")

    def wanted(c: Change) -> bool:
        names = {*c.columns, c.name}
        return not names & set(without) and (not only or bool(names & set(only)))

    return tuple(c for c in changes if wanted(c))


def with_evidence(change: Change, evidence: Iterable[str]) -> Change:
    """Copy a change with evidence added."""
    return replace(change, evidence=tuple(evidence))


def summary(changes: Sequence[Change]) -> str:
    """Count the changes by effect."""
    if not changes:
        return "no changes"
    effects = ("new", "gone", "widened", "narrowed", "changed")
    counts = {e: sum(c.effect == e for c in changes) for e in effects}
    listed = ", ".join(f"{n} {effect}" for effect, n in counts.items() if n)
    return f"{count(len(changes), 'change')}: {listed}"


def _of_features(old: Any, new: Any) -> Iterator[Change]:
    before, after = ({f.name: f for f in s.feature} for s in (old, new))
    for name in dict.fromkeys([*before, *after]):
        was, becomes = before.get(name), after.get(name)
        if was is None or becomes is None:
            yield Change(
                "feature",
                name,
                _WHOLE,
                "new" if was is None else "gone",
                "" if was is None else _text(feature=[was]),
                "" if becomes is None else _text(feature=[becomes]),
                (name,),
            )
            continue
        for aspect in dict.fromkeys([*_aspects(was), *_aspects(becomes)]):
            one, other = _only(was, aspect), _only(becomes, aspect)
            if one != other:
                effect = _effect(aspect, was, becomes)
                texts = _text(feature=[one]), _text(feature=[other])
                yield Change("feature", name, aspect, effect, *texts, (name,))


def _of_domains(old: Any, new: Any) -> Iterator[Change]:
    before, after = ({d.name: d for d in s.string_domain} for s in (old, new))
    users: dict[str, dict[str, None]] = {}
    for feature in (*old.feature, *new.feature):
        if feature.WhichOneof("domain_info") == "domain":
            users.setdefault(feature.domain, {})[feature.name] = None
    for name in dict.fromkeys([*before, *after]):
        was, becomes = before.get(name), after.get(name)
        if was == becomes:
            continue
        effect: Effect = "new" if was is None else "gone"
        if was is not None and becomes is not None:
            effect = _compared(set(was.value), set(becomes.value))
        yield Change(
            "string_domain",
            name,
            _VALUES,
            effect,
            "" if was is None else _text(string_domain=[was]),
            "" if becomes is None else _text(string_domain=[becomes]),
            tuple(users.get(name, ())),
        )


def _of_schema(old: Any, new: Any) -> Iterator[Change]:
    for field in schema_pb2.Schema.DESCRIPTOR.fields:
        if field.name in ("feature", "string_domain"):
            continue
        was, becomes = _field(old, field.name), _field(new, field.name)
        if was != becomes:
            texts = _text_of(was), _text_of(becomes)
            yield Change("schema", "", field.name, "changed", *texts)


def _aspects(feature: Any) -> list[str]:
    return [_FIELDS.get(f.name, f.name) for f, _ in feature.ListFields() if f.name != "name"]


def _only(feature: Any, aspect: str) -> Any:
    """Copy a feature with only its name and one aspect."""
    made = schema_pb2.Feature()
    made.CopyFrom(feature)
    for field, _ in feature.ListFields():
        if field.name != "name" and _FIELDS.get(field.name, field.name) != aspect:
            made.ClearField(field.name)
    return made


def _field(schema: Any, field: str) -> Any:
    made = schema_pb2.Schema()
    made.CopyFrom(schema)
    for other, _ in schema.ListFields():
        if other.name != field:
            made.ClearField(other.name)
    return made


def _aspect_of(schema: Any, change: Change) -> Any:
    """Copy a schema with only the aspect that a change concerns."""
    if change.place == "schema":
        return _field(schema, change.aspect)
    made = schema_pb2.Schema()
    items = schema.feature if change.place == "feature" else schema.string_domain
    for item in items:
        if item.name == change.name:
            whole = change.place == "string_domain" or change.aspect == _WHOLE
            getattr(made, change.place).append(item if whole else _only(item, change.aspect))
    return made


def _put(schema: Any, change: Change, becomes: Any) -> None:
    if change.place == "schema":
        schema.ClearField(change.aspect)
        schema.MergeFrom(becomes)
        return
    items = getattr(schema, change.place)
    if change.place == "string_domain" or change.aspect == _WHOLE:
        there = [i for i, item in enumerate(items) if item.name == change.name]
        new = getattr(becomes, change.place)
        if there and new:
            items[there[0]].CopyFrom(new[0])
        elif there:
            del items[there[0]]
        else:
            items.extend(new)
        return
    feature = next(item for item in items if item.name == change.name)
    for field, _ in list(feature.ListFields()):
        if field.name != "name" and _FIELDS.get(field.name, field.name) == change.aspect:
            feature.ClearField(field.name)
    feature.MergeFrom(becomes.feature[0])


def _effect(aspect: str, was: Any, becomes: Any) -> Effect:
    """The effect of a change to an aspect."""
    match aspect:
        case "presence":
            return _numbers([(_least(was), _least(becomes)), (_at_least(was), _at_least(becomes))])
        case "type":
            types = (was.type, becomes.type)
            if types == (schema_pb2.INT, schema_pb2.FLOAT):
                return "widened"
            return "narrowed" if types == (schema_pb2.FLOAT, schema_pb2.INT) else "changed"
        case "domain":
            return _domain_effect(was, becomes)
        case "distribution_constraints":
            one = was.distribution_constraints.min_domain_mass
            return _numbers([(one, becomes.distribution_constraints.min_domain_mass)])
        case "drift_comparator" | "skew_comparator" | "unique_constraints":
            if not becomes.HasField(aspect):
                return "widened"
            return "changed" if was.HasField(aspect) else "narrowed"
    return "changed"


def _domain_effect(was: Any, becomes: Any) -> Effect:
    kinds = was.WhichOneof("domain_info"), becomes.WhichOneof("domain_info")
    if kinds[1] is None:
        return "widened"
    if kinds[0] is None:
        return "narrowed"
    if kinds[0] != kinds[1]:
        return "changed"
    if kinds[0] in ("int_domain", "float_domain"):
        old, new = (getattr(f, kinds[0]) for f in (was, becomes))
        pairs = [(describe.low(old), describe.low(new)), (-describe.high(old), -describe.high(new))]
        if kinds[0] == "float_domain":
            pairs += [(old.disallow_nan, new.disallow_nan), (old.disallow_inf, new.disallow_inf)]
        return _numbers(pairs)
    if kinds[0] == "string_domain":
        return _compared(set(was.string_domain.value), set(becomes.string_domain.value))
    return "changed"


def _numbers(pairs: Sequence[tuple[float, float]]) -> Effect:
    """Compare limits: widened if some fell and none rose.

    Narrowed the other way round; otherwise changed.
    """
    fell, rose = (any(b < a for a, b in pairs), any(b > a for a, b in pairs))
    if fell != rose:
        return "widened" if fell else "narrowed"
    return "changed"


def _compared(was: set[Any], becomes: set[Any]) -> Effect:
    if was < becomes:
        return "widened"
    return "narrowed" if becomes < was else "changed"


def _least(feature: Any) -> float:
    return float(feature.presence.min_fraction)


def _at_least(feature: Any) -> int:
    return int(feature.presence.min_count)


def _sorted(schema: Any) -> Any:
    made = schema_pb2.Schema()
    made.CopyFrom(schema)
    for field in ("feature", "string_domain"):
        made.ClearField(field)
        items = sorted(getattr(schema, field), key=lambda i: (i.name, str(i)))
        getattr(made, field).extend(items)
    return made


def _text(**fields: Any) -> str:
    return _text_of(schema_pb2.Schema(**fields))


def _text_of(schema: Any) -> str:
    return str(text_format.MessageToString(schema, as_utf8=True))


def _parsed(text: str) -> Any:
    try:
        return text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as error:
        raise SchemaError(f"a change cannot be read: {error}; propose it anew") from None
