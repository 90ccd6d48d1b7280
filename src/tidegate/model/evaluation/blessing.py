"""Decide whether a measured model may be published: the blessing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from tidegate.contract import Contract
from tidegate.core.text import fixed, number, signed
from tidegate.core.verdict import Finding, Severity, Verdict
from tidegate.model.evaluation.predictions import Collected
from tidegate.model.evaluation.result import Evaluation, MetricChange
from tidegate.numerics.metrics import DECISION, METRICS

#: Fewer gradient steps are a warning. Adam moves a weight by about the learning rate in a step, and
#: the rate falls to zero: at the default of 0.002, a hundred steps move it by 0.1 at most, which is
#: hardly beyond where it began.
MIN_STEPS: Final = 100
#: Fewer examples of a class are a warning: one of them moves a share of the class by a tenth.
MIN_OF_CLASS: Final = 10


def bless(
    evaluation: Evaluation,
    data: Collected,
    contract: Contract,
    champion_problem: str,
    *,
    steps: int | None = None,
) -> Evaluation:
    """Add the verdict to an evaluation.

    The value is compared with the limits; its interval is reported, and a value that may pass only
    by chance is a warning.

    Args:
        evaluation: The measured metrics.
        data: The rows they are of.
        contract: The contract with the limits.
        champion_problem: Why an existing champion cannot be compared; empty otherwise.
        steps: The number of gradient steps the model was trained with, if that is known.
    """
    findings = [
        *_unfit_examples(evaluation, data),
        *_too_few(evaluation, data, contract, steps),
        *_one_answer(evaluation, data),
        *_undefined(evaluation, contract),
        *_thresholds(evaluation, contract),
        *_baseline(evaluation, contract),
        *_champion(evaluation, contract, champion_problem),
        *_slices(evaluation, contract),
    ]
    return replace(evaluation, verdict=Verdict(tuple(findings)))


def _unfit_examples(evaluation: Evaluation, data: Collected) -> Iterator[Finding]:
    label, split = evaluation.label, evaluation.split
    if data.missing:
        yield Finding(
            "label_missing",
            label,
            "hold",
            f"label {label!r} is missing or infinite in {data.missing:,} examples of the split "
            f"{split!r}; leave these rows out of the source, or fill them",
        )
    if data.unknown:
        severity: Severity = "hold" if evaluation.task == "binary" else "warn"
        treated = "they are counted as wrong" if evaluation.task == "multiclass" else "left out"
        yield Finding(
            "label_unknown",
            label,
            severity,
            f"label {label!r} has values the model does not know in {data.unknown:,} examples "
            f"({', '.join(data.strangers)}); {treated}: correct the data, or train with them",
        )
    if not data.rows:
        yield Finding(
            "empty_split",
            split,
            "hold",
            f"the split {split!r} has no example to judge on; give a larger span, or another "
            "column to split by",
        )
        return
    if evaluation.task != "regression" and len(set(data.challenger.labels.tolist())) == 1:
        yield Finding(
            "one_class",
            label,
            "hold",
            f"all {data.rows:,} examples of the split {split!r} have the same label; nothing can "
            "be judged: give a larger span, or another column to split by",
        )
    if wrong := data.challenger.not_finite:
        yield Finding(
            "not_finite",
            "",
            "hold",
            f"{wrong:,} of {data.rows:,} predictions are not numbers; look for infinite values "
            "in the features, and lower training.learning_rate",
        )


def _too_few(
    evaluation: Evaluation, data: Collected, contract: Contract, steps: int | None
) -> Iterator[Finding]:
    """Warn where rows, rows of a class or gradient steps are too few."""
    rows, least = data.rows, contract.evaluation.min_slice_examples
    remedy = "take a longer span, or a larger splits.eval"
    rarest = _rarest(evaluation, data)
    if 0 < rows < least:
        yield Finding(
            "few_examples",
            evaluation.split,
            "warn",
            f"the split {evaluation.split!r} has {rows:,} examples, fewer than the {least:,} of "
            f"evaluation.min_slice_examples: its figures are uncertain; {remedy}",
        )
    elif rarest is not None and rarest[1] < MIN_OF_CLASS:
        name, found = rarest
        yield Finding(
            "few_examples",
            evaluation.label,
            "warn",
            f"only {found:,} of {rows:,} examples of the split {evaluation.split!r} have "
            f"{evaluation.label} = {name}: figures about them are uncertain; {remedy}",
        )
    if steps is not None and steps < MIN_STEPS:
        yield Finding(
            "few_steps",
            "",
            "warn",
            f"the model was trained in {steps:,} gradient steps, so it has hardly left its "
            "beginning; raise training.epochs, or lower training.batch_size",
        )


def _rarest(evaluation: Evaluation, data: Collected) -> tuple[str, int] | None:
    """The class with the fewest examples, of those that have any."""
    if evaluation.task == "regression" or not data.rows:
        return None
    counts = np.bincount(data.challenger.labels.astype(int), minlength=len(evaluation.classes))
    there = np.flatnonzero(counts[: len(evaluation.classes)])
    if len(there) < 2:
        return None
    place = int(there[np.argmin(counts[there])])
    return evaluation.classes[place], int(counts[place])


def _one_answer(evaluation: Evaluation, data: Collected) -> Iterator[Finding]:
    """Warn where one class is predicted for all rows."""
    given = data.challenger.predictions
    if evaluation.task == "regression" or data.rows < 2:
        return
    answers = given > DECISION if evaluation.task == "binary" else given.argmax(axis=1)
    if len(np.unique(answers)) == 1 and not data.challenger.not_finite:
        name = evaluation.classes[int(answers[0])] if evaluation.classes else str(int(answers[0]))
        yield Finding(
            "one_answer",
            evaluation.label,
            "warn",
            f"the model predicts {evaluation.label} = {name} for all {data.rows:,} examples; use "
            "its scores and a threshold of your own, weigh the classes, or improve the features",
        )


def _undefined(evaluation: Evaluation, contract: Contract) -> Iterator[Finding]:
    metrics = evaluation.overall.metrics
    decisive = {evaluation.metric, *contract.evaluation.thresholds}
    some = any(metric.defined for metric in metrics.values())
    for name, metric in metrics.items():
        if not metric.defined and (some or name in decisive):
            severity: Severity = "hold" if name in decisive else "warn"
            yield Finding(
                "undefined_metric",
                name,
                severity,
                f"{name} is not defined on these {evaluation.overall.rows:,} examples"
                + ("; without it nothing can be decided" if severity == "hold" else ""),
            )


def _thresholds(evaluation: Evaluation, contract: Contract) -> Iterator[Finding]:
    for name, bound in contract.evaluation.thresholds.items():
        metric = evaluation.overall.metrics[name]
        if not metric.defined:
            continue
        for limit, word, sign in ((bound.min, "min", 1), (bound.max, "max", -1)):
            if limit is None:
                continue
            shown = f"{name} is {fixed(metric.value)} (95% {_range(metric.low, metric.high)})"
            edge = metric.low if sign > 0 else metric.high
            if sign * (metric.value - limit) < 0:
                yield Finding(
                    "threshold",
                    name,
                    "hold",
                    f"{shown}, beyond the contract's {word} of {number(limit)}; improve the data "
                    f"or the model, or change evaluation.thresholds.{name}",
                )
            elif not sign * (edge - limit) >= 0:
                yield Finding(
                    "uncertain_threshold",
                    name,
                    "warn",
                    f"{shown}: within the contract's {word} of {number(limit)}, but not certainly; "
                    "more examples would tell",
                )


def _baseline(evaluation: Evaluation, contract: Contract) -> Iterator[Finding]:
    name = evaluation.metric
    constant = evaluation.baselines.get(name)
    metric = evaluation.overall.metrics[name]
    if constant is None or not metric.defined or name in contract.evaluation.thresholds:
        return
    sign = 1 if METRICS[evaluation.task][name].better == "higher" else -1
    edge = metric.low if sign > 0 else metric.high
    # The constant's own value is of these rows too, so the model's interval is a cautious one.
    if sign * (edge - constant) > 0:
        return
    shown = f"{name} is {fixed(metric.value)} (95% {_range(metric.low, metric.high)})"
    if not sign * (metric.value - constant) > 0:
        problem = f"no better than {fixed(constant)} of the best constant answer"
        remedy = "improve the features"
    else:
        problem = (
            f"and its interval reaches the {fixed(constant)} of the best constant answer, so that "
            f"{evaluation.overall.rows:,} examples do not show that it is better"
        )
        remedy = "evaluate on more examples, or improve the features"
    yield Finding(
        "no_better_than_constant",
        name,
        "hold",
        f"{shown}, {problem}; {remedy}, or set evaluation.thresholds.{name} to accept it",
    )


def _champion(evaluation: Evaluation, contract: Contract, problem: str) -> Iterator[Finding]:
    version = evaluation.champion_version
    if version is None:
        yield Finding(
            "no_champion", "", "info", "there is no champion yet to compare this model with"
        )
        return
    if problem:
        replaced = contract.evaluation.unusable_champion == "replace"
        yield Finding(
            "champion_unusable",
            version,
            "warn" if replaced else "hold",
            f"the champion {version} cannot be run on these examples: {problem}; "
            + (
                "the contract lets it be replaced without a comparison"
                if replaced
                else "give it what it needs, or set evaluation.unusable_champion to replace in "
                "the contract to publish without a comparison"
            ),
        )
        return
    comparison = evaluation.comparison
    if comparison is None or not math.isfinite(comparison.worse_by):
        return  # A metric that is not defined holds by itself.
    limit = contract.evaluation.max_regression
    if comparison.worse_by > limit:
        yield Finding(
            "regression",
            comparison.metric,
            "hold",
            f"{_change(comparison)}: worse than the champion {version} by more than "
            f"evaluation.max_regression ({number(limit)})",
        )
    else:
        yield Finding(
            "compared", comparison.metric, "info", f"{_change(comparison)}: champion {version}"
        )


def _slices(evaluation: Evaluation, contract: Contract) -> Iterator[Finding]:
    limit = contract.evaluation.max_slice_regression
    if limit is None:
        return
    unclear = []
    for part in evaluation.slices:
        if part.comparison is None or part.rows < contract.evaluation.min_slice_examples:
            continue
        if not math.isfinite(part.comparison.worse_by):
            unclear.append(part.name)
        elif part.comparison.worse_by > limit:
            yield Finding(
                "slice_regression",
                part.name,
                "hold",
                f"{part.name} ({part.rows:,} examples): {_change(part.comparison)}: worse than "
                f"the champion by more than evaluation.max_slice_regression ({number(limit)})",
            )
    if unclear:
        yield Finding(
            "slice_undefined",
            unclear[0],
            "warn",
            f"{evaluation.metric} is not defined in {len(unclear)} slices, so they could not be "
            f"compared: {', '.join(unclear[:5])}",
        )


def _change(comparison: MetricChange) -> str:
    change = comparison.change
    noise = ", which may be chance" if comparison.within_noise else ""
    champion, challenger = fixed(comparison.champion), fixed(comparison.challenger)
    return (
        f"{comparison.metric} went from {champion} to {challenger}, a change of "
        f"{signed(change.value)} (95% {signed(change.low)} to {signed(change.high)}{noise})"
    )


def _range(low: float, high: float) -> str:
    return f"{fixed(low)} to {fixed(high)}"
