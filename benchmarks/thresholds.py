"""How often chance holds a run, and which changes are seen: prints Markdown tables.

    python benchmarks/thresholds.py

Simulated runs, with the engine's own distances and thresholds (`auto`, false_alarms 0.01):

1. Spans without any change, from 100 to 1,000,000 rows and 5 to 500 features: half of them numbers,
   half text of 2, 10, 100 and 1,000 values with shares 1/rank. Cells of numbers are cut from the
   baseline, so their true shares are those of uniform spacings (Dirichlet), whatever the
   distribution of the values.
2. The same through the whole engine (`compute_table`, `compare`), to show that 1 is of it.
3. One changed feature of 50: how often it is found.
4. Learned thresholds, where the steps between spans vary by themselves; also from samples of 200
   to 20,000 values, as slices are.

Compared with what other tools do by default: a fixed 0.1 (Evidently above 1,000 rows: Wasserstein
divided by the deviation for numbers, Jensen-Shannon distance for text), and a test at p < 0.05
(Evidently up to 1,000 rows: Kolmogorov-Smirnov, chi-square).
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pyarrow as pa

from tidegate.comparison.drift.compare import compare
from tidegate.comparison.drift.learned import OF_CHANCE, learn
from tidegate.comparison.drift.missing_and_new import unseen_by_chance
from tidegate.comparison.drift.noise_floor import noise_floor
from tidegate.comparison.drift.thresholds import LEAST_LEARNED, PRACTICAL
from tidegate.contract import Contract
from tidegate.numerics.distances import jensen_shannon, l_infinity
from tidegate.numerics.quantiles import gamma_above, normal_quantile
from tidegate.statistics import compute_table
from tidegate.statistics.cells import Cells

SIZES = (100, 1000, 10_000, 100_000, 1_000_000)
WIDTHS = (5, 50, 500)
VALUES = (2, 10, 100, 1000)
#: Values in a slice.
SLICES = (200, 1000, 5000, 20_000)
RATE = 0.01
CELLS = 20
FINE = 200
#: Judgements of a feature of numbers and of one of text, on average; see `compare.level_of`.
TESTS = 3
UPPER = [normal_quantile((i + 1) / FINE) for i in range(FINE // 2)]
QUANTILES = np.array([*(-x for x in UPPER), *UPPER[-2::-1]])


def main() -> None:
    """Run all simulations and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=400, help="simulated runs for each figure")
    runs = parser.parse_args().runs
    start = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        quiet = pool.map(without_change, SIZES, itertools.repeat(runs))
        whole = pool.map(through_the_engine, (100, 1000), itertools.repeat(60))
        moved = pool.map(power, (1000, 10_000), itertools.repeat(runs))
        print(f"\nRuns held without any change, of {runs}, by rows and features\n")
        heads = [f"{rule}, {w}" for rule in ("auto", "fixed 0.1", "p < 0.05") for w in WIDTHS]
        table(["rows", *heads], quiet)
        print("\nThe same through the whole engine: runs of 50 features held, of 60\n")
        table(["rows", "held", "distances above the noise floor, promised 0.33%"], whole)
        print("\nOne changed feature of 50: how often it is found\n")
        table(
            ["change", "rows", "JS", "auto", "learned, at best", "fixed 0.1", "p < 0.05"],
            itertools.chain.from_iterable(moved),
        )
    print("\nLearned, features whose steps vary by themselves: runs held, of 2,000\n")
    shapes = itertools.product(((50, 0), (8, 14)), (8, 12, 24))
    table(
        ["features", "slices", "steps", "held", "median threshold of steps around 0.02"],
        (learning(steps, features, slices) for (features, slices), steps in shapes),
    )
    print("\nLearned from 120 judgements of 200 to 20,000 values: runs held, of 2,000\n")
    heads = [f"{what}, {of:.0%} of chance" for of in (0, OF_CHANCE) for what in ("held", "median")]
    table(["steps", *heads], map(learning_from_samples, (8, 12, 24)))
    print(
        f"\n{time.perf_counter() - start:.0f} s, Python {sys.version.split()[0]}", file=sys.stderr
    )


def table(heads, rows) -> None:
    """Print a Markdown table, each row as it comes."""
    print("| " + " | ".join(heads) + " |\n|" + "---:|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def without_change(n: int, runs: int) -> list[str]:
    """How many runs are held, by rule and number of features."""
    generator = np.random.default_rng(n)
    held = np.zeros((3, len(WIDTHS), runs), bool)
    for feature in range(WIDTHS[-1]):
        widths = [i for i, width in enumerate(WIDTHS) if feature < width]
        for run, above in candidates(generator, feature, n, runs, held):
            for i in widths:
                held[0, i, run] = held[0, i, run] or above(RATE / (TESTS * WIDTHS[i]))
    return [f"{n:,}", *(percent(held[rule, i]) for rule in range(3) for i in range(len(WIDTHS)))]


def candidates(generator, feature, n, runs, held):
    """The runs in which a feature's distance is above 0.1, with the question whether it holds."""
    widths = [i for i, width in enumerate(WIDTHS) if feature < width]
    if feature % 2:
        share = 1 / np.arange(1, VALUES[feature // 2 % len(VALUES)] + 1)
        now, before = (generator.multinomial(n, share / share.sum(), runs) for _ in range(2))
        js, li = jensen_shannon(now, before), l_infinity(now, before)
        new = np.where(before == 0, now, 0).sum(-1) / n
        fixed = np.sqrt(js * math.log(2)) >= 0.1
        tested = chi_square_rejects(now, before)
    else:
        masses = np.full((runs, CELLS), n / CELLS)
        shares = generator.dirichlet([1, *masses[0] - 1 / CELLS, 1], runs)
        now, before = generator.multinomial(n, shares), np.pad(masses, ((0, 0), (1, 1)))
        js, li, new = jensen_shannon(now, before), np.zeros(runs), np.zeros(runs)
        sides = [generator.multinomial(n, np.full(FINE, 1 / FINE), runs) for _ in range(2)]
        fixed, tested = numbers_rejected(*sides)
    for i in widths:
        held[1, i] |= fixed
        held[2, i] |= tested
    for run in np.flatnonzero((js > PRACTICAL) | (li > PRACTICAL) | (new > PRACTICAL)):
        cells = Cells([], now[run], before[run], numeric=not feature % 2)

        def above(level, run=run, cells=cells):
            return any(
                value > PRACTICAL and value > floor(level)
                for value, floor in (
                    (js[run], lambda at: noise(cells, "jensen_shannon", n, at)),
                    (li[run], lambda at: noise(cells, "l_infinity", n, at)),
                    (new[run], lambda at: unseen_by_chance(cells.baseline.tolist(), n, at)),
                )
            )

        yield run, above


def noise(cells: Cells, measure: str, n: int, level: float) -> float:
    """The noise floor of two samples of `n`."""
    return noise_floor(measure, cells, n_current=n, n_baseline=n, level=level) or 0.0


def numbers_rejected(now, before):
    """By Wasserstein over deviation of at least 0.1, and by Kolmogorov-Smirnov at 0.05."""
    n = now.sum(-1)[0]
    gap = np.abs(np.cumsum(now - before, axis=-1) / n)[:, :-1]
    wasserstein = (gap[:, :-1] * np.diff(QUANTILES)).sum(-1)
    return wasserstein >= 0.1, gap.max(-1) > 1.358 * math.sqrt(2 / n)


def chi_square_rejects(now, before):
    """By the chi-square test of two samples at 0.05."""
    n, m = now.sum(-1, keepdims=True), before.sum(-1, keepdims=True)
    total = now + before
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(
            total > 0, (now * np.sqrt(m / n) - before * np.sqrt(n / m)) ** 2 / total, 0
        )
    degrees = (total > 0).sum(-1) - 1
    pairs = zip(degrees, parts.sum(-1), strict=True)
    return np.array([d > 0 and gamma_above(d / 2, x / 2) < 0.05 for d, x in pairs])


def through_the_engine(n: int, runs: int) -> list[str]:
    """The same through statistics, cells and judgement: 50 features, 60 runs."""
    generator = np.random.default_rng(n + 1)
    contract = Contract.parse("dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n")
    wide = contract.model_copy(
        update={"gates": contract.gates.model_copy(update={"drift": drift_of(0.5)})}
    )
    held = above = judged = 0
    for _ in range(runs):
        sides = [statistics(generator, n) for _ in range(2)]
        held += any(d.status == "drift" for d in compare(*sides, contract))
        # At a rate of half a run in one, each of 150 judgements may use up a 300th.
        found = [d for d in compare(*sides, wide) if d.measure == "jensen_shannon"]
        above += sum(d.value > d.noise for d in found)
        judged += len(found)
    return [f"{n:,}", f"{held}", f"{above / judged:.2%}"]


def drift_of(rate: float):
    """The default section with another rate of false alarms."""
    text = "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n"
    return Contract.parse(f"{text}gates: {{drift: {{false_alarms: {rate}}}}}\n").gates.drift


def statistics(generator, n: int):
    """Of 50 columns: normal, lognormal, and text of four cardinalities."""
    columns = {}
    for i in range(50):
        if i % 2:
            share = 1 / np.arange(1, VALUES[i // 2 % len(VALUES)] + 1)
            chosen = generator.choice(len(share), n, p=share / share.sum())
            columns[f"f{i}"] = pa.array(chosen.astype(str))
        elif i % 4:
            columns[f"f{i}"] = pa.array(generator.lognormal(size=n))
        else:
            columns[f"f{i}"] = pa.array(generator.normal(size=n))
    made = pa.table(columns)
    return compute_table(made.to_batches(), schema=made.schema)


def power(n: int, runs: int) -> list[list[str]]:
    """How often a change in one of 50 features is found."""
    generator = np.random.default_rng(n + 2)
    level = RATE / (TESTS * 50)
    rows = []
    for shift in (0.1, 0.25, 0.5, 0.75, 1.0):
        before = np.sort(generator.normal(size=(runs, n)), axis=1)
        now = generator.normal(shift, 1, (runs, n))
        edges = before[:, np.linspace(0, n - 1, CELLS + 1).astype(int)]
        counts = [
            np.stack([np.bincount(np.searchsorted(e, x), minlength=CELLS + 2) for e, x in pairs])
            for pairs in (zip(edges, now, strict=True), zip(edges, before, strict=True))
        ]
        counts[1][:, 1] += counts[1][:, 0]
        counts[1][:, 0] = 0
        fine = [
            np.stack([np.bincount(np.searchsorted(QUANTILES, x), minlength=FINE) for x in side])
            for side in (now, before)
        ]
        fixed, tested = numbers_rejected(*fine)
        found = judged(counts[0], counts[1], n, level, numeric=True)
        rows.append(
            [f"mean + {shift:g} deviations", f"{n:,}", *found, *map(percent, (fixed, tested))]
        )
    for moved in (0.01, 0.05, 0.1, 0.2):
        share = 1 / np.arange(1, 11)
        share /= share.sum()
        after = share + np.array([-moved, *[0] * 4, moved, *[0] * 4])
        now, before = (generator.multinomial(n, s, runs) for s in (after, share))
        fixed = np.sqrt(jensen_shannon(now, before) * math.log(2)) >= 0.1
        found = judged(now, before, n, level, numeric=False)
        tested = chi_square_rejects(now, before)
        change = f"{moved:.0%} of rows to another value"
        rows.append([change, f"{n:,}", *found, *map(percent, (fixed, tested))])
    return rows


def judged(now, before, n: int, level: float, *, numeric: bool) -> list[str]:
    """The mean divergence, and how often `auto` and a limit of 0.01 find the change."""
    js = jensen_shannon(now, before)
    li = np.zeros(len(js)) if numeric else l_infinity(now, before)
    cells = Cells([], now[0], before[0], numeric=numeric)
    floors = [noise(cells, measure, n, level) for measure in ("jensen_shannon", "l_infinity")]
    found = [
        (js > max(least, floors[0])) | (li > max(least, floors[1]))
        for least in (PRACTICAL, LEAST_LEARNED)
    ]
    return [f"{js.mean():.3f}", *map(percent, found)]


def learning(steps: int, features: int, slices: int) -> list[str]:
    """How many runs are held by learned limits, of features that vary by themselves.

    A feature varies in a slice half as it does over all rows, and half by itself.
    """
    generator = np.random.default_rng(steps)
    runs, parts = 2000, 1 + slices
    level = RATE / (TESTS * features * parts)
    centre = generator.normal(-4, 1, (runs, features, parts, 1))
    together = generator.normal(0, 0.5, (runs, features, 1, steps + 1))
    alone = generator.normal(0, 0.5, (runs, features, slices, steps + 1))
    moves = np.concatenate([together, (together + alone) / math.sqrt(2)], axis=2)
    distances = 1 / (1 + np.exp(-(centre + moves)))
    limits = np.apply_along_axis(lambda row: learn(row, level).threshold, -1, distances[..., :-1])
    held = (distances[..., -1] > np.maximum(limits, LEAST_LEARNED)).any((1, 2))
    near = np.abs(centre[..., 0] + 3.9) < 0.2
    sizes = [f"{features}", f"{slices}", f"{steps}"]
    return [*sizes, percent(held), f"{np.median(limits[near]):.3f}"]


def learning_from_samples(steps: int) -> list[str]:
    """The same where steps are distances of samples, with and without what chance gives at least.

    Text of 2, 10 and 50 values; in every span the logarithm of each value's share is moved by a
    normal deviate times an effect, from none to a fifth.
    """
    generator = np.random.default_rng(steps)
    runs = 2000
    kinds = list(itertools.product((*VALUES[:2], 50), SLICES, (0, 0.02, 0.05, 0.1, 0.2)))
    level = RATE / (2 * len(kinds))
    held = np.zeros((2, runs), bool)
    thresholds: list[list[float]] = [[], []]
    for values, n, effect in kinds:
        logs = effect * generator.normal(size=(runs, steps + 2, values))
        share = np.exp(logs) / np.arange(1, values + 1)
        counts = generator.multinomial(n, share / share.sum(-1, keepdims=True))
        now, before = counts[:, 1:], counts[:, :-1]
        cells = Cells([], now[0, 0].astype(float), before[0, 0].astype(float), numeric=False)
        for measure, distance in (("jensen_shannon", jensen_shannon), ("l_infinity", l_infinity)):
            found = distance(now, before)
            least = max(LEAST_LEARNED, noise(cells, measure, n, level))
            for index, of in enumerate((0, OF_CHANCE)):
                counted = np.maximum(found[:, :-1], of * noise(cells, measure, n, 0.5))
                limits = np.apply_along_axis(lambda h: learn(h, level).threshold, 1, counted)
                limits = np.maximum(limits, least)
                held[index] |= found[:, -1] > limits
                thresholds[index].append(float(np.median(limits)))
    told = [(percent(h), f"{np.median(t):.3f}") for h, t in zip(held, thresholds, strict=True)]
    return [f"{steps}", *told[0], *told[1]]


def percent(found) -> str:
    """A share of true values."""
    return f"{np.mean(found):.1%}"


if __name__ == "__main__":
    main()
