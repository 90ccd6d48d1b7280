"""The step that measures training-serving skew."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tidegate.steps import parents
from tidegate.steps.running import Run, print_verdict, step, write


@step
def measure_skew(
    *,
    examples: Path,
    statistics: Path,
    schema: Path,
    contract_uri: str,
    contract_digest: str,
    serving_span: str,
    out: Path,
    page: Path,
) -> tuple[str, list[str]]:
    """Compare serving logs with training data.

    Returns:
        The verdict and the reasons to hold.
    """
    from tidegate import schema as schemas
    from tidegate.comparison import skew
    from tidegate.data import sources
    from tidegate.data.examples import Examples
    from tidegate.report import pages
    from tidegate.statistics import Statistics

    run = Run.open(contract_uri, contract_digest)
    contract = run.contract
    run.given(examples, "examples")
    run.given(statistics, "statistics")
    run.given(schema, "schema")
    reading = contract.for_serving()
    training = skew.of_examples(Examples.open(examples), Statistics.read(statistics))
    expected = schemas.read(schema)
    inputs = sources.resolve(reading, serving_span)
    bad = sources.BadRecords(reading)
    with tempfile.TemporaryDirectory() as scratch:
        serving = skew.recorded(
            sources.read(inputs, reading, bad=bad),
            name=inputs.span,
            directory=Path(scratch),
            digest=inputs.digest,
            logs=contract.serving,
            bad=bad,
            slices=contract.slices,
            like=training,
        )
        result = skew.measure(training, serving, expected, contract)
    result.write(out)
    if bad.kept:
        with (out / "quarantine.jsonl").open("w", encoding="utf-8", newline="") as file:
            file.writelines(bad.lines())
    write(page, pages.skew_page(result, training, serving, expected, contract))
    verdict = result.verdict
    run.parents.extend(parents.of_inputs(inputs))
    run.record(
        out,
        "skew",
        name=inputs.span,
        facts={
            "verdict": verdict.status,
            "reasons": len(verdict.reasons),
            "pairs": result.keys.pairs,
        },
    )
    print_verdict("serving", verdict.status, verdict.reasons)
    return verdict.status, list(verdict.reasons)
