"""Statistics of every column."""

from kfp import dsl

from tidegate.artifacts import Examples, Statistics
from tidegate_kfp.components.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def compute_statistics(examples: dsl.Input[Examples], statistics: dsl.Output[Statistics]):
    """Compute TFDV statistics of all rows and of each split.

    Args:
        examples: The rows.

    Returns:
        statistics: What TFDV says of every column.
    """
    from pathlib import Path

    from tidegate import steps

    statistics.metadata.update(
        steps.compute_statistics(examples=Path(examples.path), out=Path(statistics.path))
    )
