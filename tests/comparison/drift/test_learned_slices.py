"""Limits of slices that are learned from the steps of the same slice."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tidegate import schema as schemas
from tidegate import validation
from tidegate.comparison.drift.compare import compare, level_of
from tidegate.comparison.drift.findings import drift_findings
from tidegate.comparison.drift.history import AcceptedStatistics
from tidegate.comparison.drift.learned import learn
from tidegate.contract import Contract
from tidegate.platform.registry import Registry
from tidegate.report import pages
from tidegate.statistics import compute_table
from tidegate.statistics.slices import compute_slices

ROWS = 6000


def contract(drift="default: learned"):
    return Contract.parse(
        "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\nslices: [[place]]\n"
        f"gates: {{min_examples: 10, drift: {{{drift}}}}}\n"
    )


def span(number, *, swing=0.0, places="ABC"):
    """A span in whose place C the share of kind `k` is by `swing` more or less than a half."""
    random = np.random.default_rng(number)
    share = np.array([0.5, 0.4, 0.1][: len(places)])
    place = random.choice([*places], ROWS, p=share / share.sum())
    often = 0.5 + swing * (-1) ** number * random.uniform(0.8, 1.2)
    first = random.random(ROWS) < np.where(place == "C", often, 0.5)
    columns = {"place": place, "kind": np.where(first, "k", "l"), "x": random.random(ROWS)}
    table = pa.table({"id": [f"{number}-{i}" for i in range(ROWS)], **columns})
    named = f"2013-{number:02}"
    made = compute_table(table.to_batches(), schema=table.schema, span=named)

    def rows(columns):
        return (table if columns is None else table.select(list(columns))).to_batches()

    slices, _ = compute_slices(rows, [["place"]], schema=table.schema)
    return replace(made, slices=slices)


@pytest.fixture(scope="module")
def swinging():
    """Twelve months in which place C is calm in itself at nothing but its own swing."""
    return [span(number, swing=0.3) for number in range(1, 13)]


@pytest.fixture
def registry(tmp_path):
    def made(spans):
        registry = Registry(str(tmp_path / "registry"), "d")
        for statistics in spans:
            folder = tmp_path / statistics.span
            statistics.write(folder)
            registry.commit(
                "statistics", statistics.span, folder,
                span=statistics.span, lineage={}, promote=True,
            )  # fmt: skip
        return registry

    return made


def of_kind(distances, part):
    (found,) = [
        d for d in distances
        if (d.feature, d.measure, d.slice) == ("kind", "jensen_shannon", part)
    ]  # fmt: skip
    return found


def test_a_slice_that_swings_by_nature_holds_until_it_is_learned(swinging, registry):
    *accepted, before, now = swinging
    steps = AcceptedStatistics(registry([*accepted, before])).steps(contract(), before=now.span)
    assert len(steps["kind", "jensen_shannon", "place=C"]) == 10
    assert len(steps["kind", "jensen_shannon", ""]) == 10
    auto = compare(now, before, contract("default: auto"))
    assert of_kind(auto, "place=C").status == "drift"
    (told,) = drift_findings(auto, contract("default: auto"))
    assert (told.severity, told.slice) == ("hold", "place=C")
    learned = compare(now, before, contract(), steps=steps)
    assert drift_findings(learned, contract()) == []
    found = of_kind(learned, "place=C")
    assert found.origin == "learned from 10 steps between accepted spans with this slice"
    assert found.threshold > of_kind(learned, "place=A").threshold
    assert of_kind(learned, "").origin == "learned from 10 steps between accepted spans"
    result = validation.validate(
        now, schemas.infer(before, contract()), contract(), baseline=before, steps=steps
    )
    page = pages.validation_page(result, now, before, schemas.infer(before, contract()), contract())
    slices = page[page.index('id="slices"') : page.index('id="features"')]
    assert slices.count("learned from 10 steps between accepted spans with this slice") == 3


def test_a_calm_slice_learns_a_narrower_limit_than_auto(registry):
    calm = [span(number) for number in range(1, 11)]
    steps = AcceptedStatistics(registry(calm)).steps(contract(), before="2013-11")
    moved = span(11, swing=0.3)
    auto = of_kind(compare(moved, calm[-1], contract("default: auto")), "place=C")
    assert (auto.status, auto.threshold) == ("ok", 0.1)
    learned = of_kind(compare(moved, calm[-1], contract(), steps=steps), "place=C")
    assert (learned.status, learned.threshold < 0.05) == ("drift", True)
    quiet = compare(span(12), calm[-1], contract(), steps=steps)
    assert not [d for d in quiet if d.status == "drift"]


def test_a_young_slice_is_judged_by_auto_and_says_why(registry):
    old = [span(number, places="AB") for number in range(1, 8)]
    young = [span(number) for number in range(8, 12)]
    steps = AcceptedStatistics(registry([*old, *young])).steps(contract(), before="2013-12")
    found = compare(span(12), young[-1], contract(), steps=steps)
    assert of_kind(found, "place=C").origin == (
        "auto: the practical effect size 0.1 (learning needs 8 steps between accepted spans with "
        "this slice, there are 3)"
    )
    assert of_kind(found, "place=A").origin.startswith("learned from 10 steps")


def test_only_what_learns_is_looked_at_and_merged_baselines_have_slices(swinging, registry):
    rolling = contract("features: {kind: learned}, against: rolling(3)")
    steps = AcceptedStatistics(registry(swinging)).steps(rolling, before="2014-01")
    assert {feature for feature, _, _ in steps} == {"kind"}
    assert {part for _, _, part in steps} == {"", "place=A", "place=B", "place=C"}
    assert len(steps["kind", "l_infinity", "place=C"]) == 11
    # Three months of a swing that turns every month are nearer to the next than one.
    monthly = AcceptedStatistics(registry(swinging)).steps(contract(), before="2014-01")
    key = ("kind", "jensen_shannon", "place=C")
    assert np.mean(steps[key]) < np.mean(monthly[key])


def test_slices_do_not_raise_the_rate_of_false_alarms():
    now, before = span(1), span(2)
    tolerant = contract("default: learned, false_alarms: 0.2")
    level = level_of(now, before, tolerant)
    # Text has four judgements and numbers two, over all rows and in each of three slices.
    assert level == pytest.approx(0.2 / ((4 + 4 + 2) * (1 + 3)))
    random = np.random.default_rng(7)
    runs, judgements, steps = 400, 5 * 4, 9
    logits = random.normal(-4, 0.6, (runs, judgements, steps + 1))
    distances = 1 / (1 + np.exp(-logits))
    held = [any(row[-1] > learn(row[:-1], level).threshold for row in run) for run in distances]
    assert 0.04 < np.mean(held) < 0.16
    alone = level_of(replace(now, slices=None), before, tolerant)
    unshared = [any(row[-1] > learn(row[:-1], alone).threshold for row in run) for run in distances]
    assert np.mean(unshared) > 0.25
