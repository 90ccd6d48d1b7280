"""Say how a run ended."""

from kfp import dsl

from tidegate_kfp.components.images import LIGHT


@dsl.component(base_image=LIGHT, install_kfp_package=False)
def notify(
    contract_uri: str,
    registry_uri: str,
    run_id: str,
    status: dsl.PipelineTaskFinalStatus,
):
    """Log how a run ended, and post it to a webhook when TIDEGATE_WEBHOOK_URL is set.

    An exit handler. KFP tells it neither the task that failed nor why, so it reads the run's
    record from the registry. The URL comes from the environment (a secret) because it may hold a
    token.

    Args:
        contract_uri: The data contract, a YAML file.
        registry_uri: Where the run's record is kept.
        run_id: The run.
        status: How the tasks before it ended, given by KFP.
    """
    from tidegate import steps

    steps.notify(
        status=status.state, contract_uri=contract_uri, registry_uri=registry_uri, run_id=run_id
    )
