"""Small tables of any kind, and a run of the training pipeline's steps over two of them."""

import contextlib
import csv
import io
import json
import random
import shutil
import string
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tidegate import steps

NAMES = [
    *("select", "from", "order", "group", "table", "Table", "name", "NAME", "rowid", "examples"),
    *("statistics", "self", "class", "lambda", "None", "true", "a.b", "a/b", "a-b", "a:b", "a,b"),
    *('a"b', "a'b", "a\\b", "a`b", "a;b", "a%b", "a{b}", "a[0]", "$a", "@a", "#a", "_a", "__a__"),
    *(
        "1a",
        "9",
        "0",
        "-1",
        "\u00e9",
        "e\u0301",
        "\u00df",
        "SS",
        "\u540d\u524d",
        "\u0130",
        "\u0131",
    ),
    *("\U0001f642", "*", "?", "all", "id", "ID", "time", "slice", "span", "NaN", "null", "missing"),
    *("label", "examples_1", "f_9", "numbers", "ids", "<b>", "&amp;", "--", "/*x*/", "raw", "key"),
    *("training", "batch", "a=b", "a,c=d", "inputs", "rows", "count", "hash(a)", "Key", "weight"),
    *(
        "tensors",
        "__index_level_0__",
        "a b",
        " lead",
        "trail ",
        "a\tb",
        "a\nb",
        "x" * 300,
        "a\u200b",
    ),
]
WORDS = [
    *(
        "a",
        "b",
        "c",
        "A",
        "N/A",
        "null",
        "None",
        "nan",
        "\u00e9",
        "\U0001f642",
        "0",
        "1",
        "-1",
        "1.5",
    ),
    *("true", "2013-01-01", "a,b", 'q"q', "<b>", "'", "\\", "%s", "{x}", "\u65e5\u672c"),
    *("", " ", "x" * 500, "l\nl", "\u200b"),
]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 0.1, 1e-300, 5e-324, 1e308, -1e308, 1e16, 2.0**53 + 2]
NUMBERS += [float("inf"), float("-inf"), float("nan")]
ROWS = [1, 2, 3, 7, 30, 60, 120, 300, 300, 600, 600]


class Table:
    """A generator of columns; the same seed gives the same table."""

    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311
        self.rows = self.random.choice(ROWS)

    def column(self):
        kind = self.random.choice(KINDS)
        values = kind(self)
        share = self.random.choice([0, 0, 0, 0.05, 0.5, 0.97])
        if share:
            values = [None if self.random.random() < share else v for v in values]
        return values

    def each(self, make):
        return [make() for _ in range(self.rows)]


def _few(values):
    return lambda t: t.each(lambda: t.random.choice(values))


KINDS = [
    lambda t: t.each(lambda: t.random.gauss(0, 1)),
    lambda t: t.each(lambda: t.random.gauss(1e9, 1)),
    lambda t: t.each(lambda: t.random.randint(-5, 5)),
    lambda t: t.each(lambda: t.random.randint(-(2**63), 2**63 - 1)),
    lambda t: list(range(t.rows)),
    lambda t: [7] * t.rows,
    lambda t: ["same"] * t.rows,
    lambda t: [None] * t.rows,
    lambda t: [f"unique-{i}" for i in range(t.rows)],
    lambda t: t.each(lambda: "".join(t.random.choices(string.printable, k=t.random.randint(0, 9)))),
    lambda t: t.each(lambda: t.random.choice("abc")),
    lambda t: t.each(lambda: t.random.choice([True, False])),
    lambda t: t.each(lambda: f"2013-01-{t.random.randint(1, 28):02}"),
    lambda t: t.each(
        lambda: f"2013-01-{t.random.randint(1, 28):02}T0{t.random.randint(0, 9)}:00:00"
    ),
    _few(WORDS),
    _few(WORDS[:3]),
    _few(NUMBERS),
    _few(NUMBERS[:6]),
    lambda t: t.each(lambda: t.random.randint(0, 1)),
    lambda t: t.each(lambda: t.random.randint(0, 1)),
    lambda t: t.each(lambda: t.random.choice(["yes", "no"])),
]


def written(table, columns, path, form):
    """Write columns as a file of a form; returns its path."""
    if form == "parquet":
        pq.write_table(pa.table({n: _array(v) for n, v in columns.items()}), path)
    elif form == "jsonl":
        rows = zip(*columns.values(), strict=True)
        lines = (json.dumps(dict(zip(columns, row, strict=True))) for row in rows)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))


def _array(values):
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if v is None else str(v) for v in values])


def _section(contract, draw, free, form):
    """Add to a contract one more section, about one of the columns that are free for it."""
    some, other = draw.choice(free), draw.choice(free)
    quoted = '"' + some.replace('"', '""') + '"'
    rule = {"name": "r", "severity": "warn", "check": f"{quoted} IS NOT NULL"}
    query = {"name": "r", "select": f"FROM examples WHERE {quoted} IS NULL"}
    timed = {"time": some, "splits": {"by": "time"}, "gates": {"freshness": "1d"}}
    limited = {"drift": {"features": {some: {"jensen_shannon": 0.1, "l_infinity": 0.1}}}}
    section = draw.choice(
        [
            {"features": {"exclude": [some]}},
            {"features": {"categorical": [some]}},
            {"features": {"numeric": [some]}},
            {"slices": [[some]]},
            {"slices": [list({some, other})]},
            {"time": some},
            timed,
            {"splits": {"by": f"hash({some})"}},
            {"splits": {"by": f"column({some})"}},
            {"rules": [rule]},
            {"rules": [query]},
            {"rules": [rule | {"check": f"{quoted} > 0"}]},
            {"training": {"numeric": "bucketize"}},
            {"columns": {some: {"unit": "mile"}}},
            {"needs": [{"user": "u", "data": [some]}]},
            {"gates": limited},
            {"gates": {"drift": {"default": "learned"}, "shift": {"max_auc": 0.6}}},
            {"gates": {"shift": {"rows": 0}}},
            {"serving": {"source": dict(contract["source"])}},
            {"serving": {"source": dict(contract["source"]), "key": [some]}},
        ]
    )
    for name, keys in section.items():
        whole = isinstance(keys, dict) and isinstance(contract.get(name), dict)
        contract[name] = {**contract[name], **keys} if whole else keys


def prepared(folder, seed):
    """Write a contract and two spans of a table; returns the contract's path."""
    table = Table(seed)
    draw = table.random
    names = draw.sample(NAMES, draw.randint(1, 6))
    form = draw.choice(["csv", "jsonl", "parquet"])
    columns = {name: table.column() for name in names}
    key = names[0]
    keyed = draw.random() < 0.7
    if keyed:
        columns[key] = list(range(table.rows))
    # Now and then the label is in the key, which is refused.
    able = names if not keyed or draw.random() < 0.05 else names[1:]
    label = draw.choice(able) if able and draw.random() < 0.9 else None
    if label is not None and draw.random() < 0.6:
        good = [lambda: draw.randint(0, 1), lambda: draw.choice("ab"), lambda: draw.gauss(0, 1)]
        columns[label] = table.each(draw.choice(good))
        # Something to learn, so that some runs come to their end.
        teacher = draw.choice(names)
        if teacher not in (label, key) and draw.random() < 0.7:
            y = columns[label]
            columns[teacher] = [
                (float(ord(v) if isinstance(v, str) else v)) + draw.gauss(0, 0.4) for v in y
            ]
    free = [n for n in names if n not in (key, label)]
    contract = {
        "dataset": "d",
        "source": {"uri": f"data/{{SPAN}}.{form}", "format": form},
        "gates": {"min_examples": 1, "drift": draw.choice(["auto", "report"])},
        "training": {"hidden_units": [4], "batch_size": 64, "learning_rate": 0.03, "epochs": 2},
    }
    if keyed:
        contract["key"] = [key]
    if label is not None:
        contract["label"] = label
        contract["gates"]["findings"] = {"leak_suspect": "warn"}
        if draw.random() < 0.2:
            contract["task"] = draw.choice(["binary", "multiclass", "regression"])
    if free and draw.random() < 0.8:
        _section(contract, draw, free, form)
    (folder / "data").mkdir(parents=True)
    written(table, columns, folder / "data" / f"1.{form}", form)
    later = {n: draw.sample(v, len(v)) if n != key else v for n, v in columns.items()}
    if draw.random() < 0.3:
        later[draw.choice(names)] = table.column()
    written(table, later, folder / "data" / f"2.{form}", form)
    path = folder / "contract.yaml"
    path.write_text(yaml.safe_dump(contract, allow_unicode=True))
    return path


def run(contract, span, folder):
    """Run the steps as `tidegate run training` does; returns how it ended and what was said."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            return _run(str(contract), span, folder), said.getvalue()
        except SystemExit as stop:
            return "failed", str(stop.code)


def _run(uri, span, folder):
    registry = str(folder.parent / "registry")
    resolved = steps.resolve_inputs(contract_uri=uri, span=span, registry_uri=registry)
    given = {"contract_uri": uri, "contract_digest": resolved.contract_digest}
    examples, statistics, schema = folder / "examples", folder / "statistics", folder / "schema"
    steps.ingest_examples(
        span=resolved.span, content_digest=resolved.content_digest, out=examples, **given
    )
    steps.compute_statistics(examples=examples, out=statistics)
    steps.infer_schema(
        statistics=statistics,
        registry_uri=registry,
        schema_version=resolved.schema_version,
        out=schema,
        **given,
    )
    stored = {"registry_uri": registry, "run_id": folder.name}
    verdict, _ = steps.validate_examples(
        statistics=statistics,
        schema=schema,
        baseline_version=resolved.baseline_version,
        examples=examples,
        out=folder / "validation",
        page=folder / "validation.html",
        data_page=folder / "data.html",
        **given,
        **stored,
    )
    _measured(folder, given, {"examples": examples, "statistics": statistics, "schema": schema})
    if verdict == "hold":
        return "held"
    model = folder / "model"
    steps.train_model(examples=examples, statistics=statistics, schema=schema, out=model, **given)
    judged = steps.evaluate_model(
        model=model,
        examples=examples,
        registry_uri=registry,
        champion_version=resolved.champion_version,
        out=folder / "evaluation",
        page=folder / "evaluation.html",
        **given,
    )
    if judged.verdict.status == "hold":
        return "model held"
    steps.publish_model(
        model=model,
        evaluation=folder / "evaluation",
        schema=schema,
        content_digest=resolved.content_digest,
        champion_version=resolved.champion_version,
        **given,
        **stored,
    )
    return "published"


def _measured(folder, given, made):
    """What is measured beside a run; it may be impossible, and then ends with one line."""
    pages = {"page": folder / "page.html", "out": folder / "measured"}
    with _one_line():
        steps.measure_features(examples=made["examples"], **given, **pages)
    earlier = folder.parent / "run-1" / "examples"
    if earlier.is_dir() and earlier != made["examples"]:
        with _one_line():
            steps.measure_shift(examples=made["examples"], baseline=earlier, **given, **pages)
    with _one_line():
        steps.measure_skew(serving_span="1", **made, **given, **pages)


@contextlib.contextmanager
def _one_line():
    try:
        yield
    except SystemExit as stop:
        assert_one_line(str(stop.code))


def assert_one_line(said):
    """Check that what ended a step is a message for a person."""
    assert said, "failed without a word"
    assert "\n" not in said.strip(), said
    assert "Traceback" not in said, said
    assert "defect of Tidegate" not in said, said


def judged(folder, seed):
    """Run a table, for one or two spans; returns how each ended."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    contract = prepared(folder, seed)
    ended = []
    for span in ("1", "2")[: 2 - seed % 2]:
        end, said = run(contract, span, folder / f"run-{span}")
        if end == "failed":
            assert_one_line(said)
        ended.append((end, said if end == "failed" else ""))
    return ended
