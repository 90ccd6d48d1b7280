"""The red end of a held run."""

from typing import List

from kfp import dsl

from tidegate_kfp.components.images import LIGHT


@dsl.component(base_image=LIGHT, install_kfp_package=False)
def hold_run(
    stage: str,
    reasons: List[str],
    on_hold: str,
    contract_uri: str,
    registry_uri: str,
    run_id: str,
):
    """Record why a run is held, and fail so that it shows red.

    A component that fails loses its outputs, so the gates write their reports and succeed, and
    this task turns the run red after them.

    Args:
        stage: The gate that closed: data or model.
        reasons: What the gate said.
        on_hold: fail, or succeed to let a held run end green.
        contract_uri: The data contract, a YAML file.
        registry_uri: Where the run's record is kept.
        run_id: The run.
    """
    from tidegate import steps

    steps.hold_run(
        stage=stage,
        reasons=reasons,
        on_hold=on_hold,
        contract_uri=contract_uri,
        registry_uri=registry_uri,
        run_id=run_id,
    )
