"""The training pipeline: from raw files to a judged and published model."""

from kfp import dsl

from tidegate_kfp import components, defaults, policy


def _hold(
    stage: str, reasons: object, on_hold: object, contract_uri: object, run: dict[str, object]
) -> None:
    policy.apply(
        components.hold_run(
            stage=stage, reasons=reasons, on_hold=on_hold, contract_uri=contract_uri, **run
        ),
        defaults.SMALL,
        cache=False,
    )


@dsl.pipeline(name="tidegate-training", display_name="Tidegate training")
def training(
    contract_uri: str,
    registry_uri: str,
    span: str = defaults.SPAN,
    on_hold: str = defaults.ON_HOLD,
) -> None:
    """Train a model on one span of data, and publish it if data and model pass their gates.

    Args:
        contract_uri: The data contract, a YAML file that the pods can read.
        registry_uri: Where schemas, statistics and models are kept between runs.
        span: The period to process: 2013-02, 2013-01..2013-03, last:3, latest,
            before:2013-03-02T06:00 (the span that was over then), before:scheduled (that was over
            when the run was due), or interval:2013-02-01T00:00/2013-03-01T00:00 (spans wholly
            inside).
        on_hold: fail shows a held run red; succeed lets it end green. Nothing is published
            either way.
    """
    run = {"registry_uri": registry_uri, "run_id": dsl.PIPELINE_JOB_ID_PLACEHOLDER}
    last = policy.apply(
        components.notify(contract_uri=contract_uri, **run), defaults.SMALL, cache=False
    ).set_display_name("Notify")

    with dsl.ExitHandler(last, name="train-and-publish"):
        resolved = policy.apply(
            components.resolve_inputs(
                contract_uri=contract_uri,
                span=span,
                registry_uri=registry_uri,
                scheduled_at=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER,
            ),
            defaults.SMALL,
            cache=False,
        ).outputs
        contract = {"contract_uri": contract_uri, "contract_digest": resolved["contract_digest"]}

        examples = policy.apply(
            components.ingest_examples(
                span=resolved["span"], content_digest=resolved["content_digest"], **contract
            ),
            defaults.MEDIUM,
        ).outputs["examples"]
        statistics = policy.apply(
            components.compute_statistics(examples=examples), defaults.MEDIUM
        ).outputs["statistics"]
        schema = policy.apply(
            components.infer_schema(
                statistics=statistics,
                registry_uri=registry_uri,
                schema_version=resolved["schema_version"],
                **contract,
            ),
            defaults.MEDIUM,
        ).outputs["schema"]
        data = policy.apply(
            components.validate_examples(
                examples=examples,
                statistics=statistics,
                schema=schema,
                baseline_version=resolved["baseline_version"],
                **contract,
                **run,
            ),
            defaults.MEDIUM,
            cache=False,
        ).outputs

        with dsl.If(data["verdict"] == "pass", name="data-passed"):
            model = policy.apply(
                components.train_model(
                    examples=examples, statistics=statistics, schema=schema, **contract
                ),
                defaults.LARGE,
            ).outputs["model"]
            judged = policy.apply(
                components.evaluate_model(
                    model=model,
                    examples=examples,
                    registry_uri=registry_uri,
                    champion_version=resolved["champion_version"],
                    **contract,
                ),
                defaults.LARGE,
            ).outputs
            with dsl.If(judged["verdict"] == "pass", name="model-passed"):
                policy.apply(
                    components.publish_model(
                        model=model,
                        evaluation=judged["evaluation"],
                        schema=schema,
                        content_digest=resolved["content_digest"],
                        champion_version=resolved["champion_version"],
                        **contract,
                        **run,
                    ),
                    defaults.SMALL,
                    cache=False,
                )
            with dsl.Else(name="model-held"):
                _hold("model", judged["reasons"], on_hold, contract_uri, run)
        with dsl.Else(name="data-held"):
            _hold("data", data["reasons"], on_hold, contract_uri, run)
