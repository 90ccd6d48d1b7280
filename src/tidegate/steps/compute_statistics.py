"""The step that computes statistics of examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tidegate.platform import lineage
from tidegate.steps.running import progress, step


@step
def compute_statistics(*, examples: Path, out: Path) -> dict[str, Any]:
    """Compute every split's statistics, and return the artifact's metadata."""
    from tidegate import statistics
    from tidegate.data.examples import Examples

    computed = statistics.compute(
        Examples.open(examples),
        on_progress=lambda done, total: progress(f"{done:,} of {total:,} rows"),
    )
    computed.write(out)
    lineage.record(
        out,
        "statistics",
        name=computed.span,
        parents=[lineage.read(examples, "examples")],
        facts={"rows": computed.num_examples()},
    )
    return {
        "span": computed.span,
        "rows": computed.num_examples(),
        "columns": len(computed.features()),
    }
