import math

import pytest

from tests.support.pages import AT, HOSTILE, HOSTILE_VALUE
from tests.support.reported import MODEL, a_run, contract_on, judged, measure, table, with_rules
from tidegate import schema, validation
from tidegate.core.verdict import Finding, Verdict
from tidegate.model.evaluation import Evaluation
from tidegate.report import pages as report_pages


@pytest.fixture(scope="session")
def contract():
    return contract_on(["id"], label="late", slices="[[carrier]]")


@pytest.fixture(scope="session")
def before():
    return measure(table(4000), "2013-01")


@pytest.fixture(scope="session")
def now():
    drifted = table(3000, seed=1, shift=500, carrier="ua")
    return measure(drifted, "2013-02")


@pytest.fixture(scope="session")
def expected(before, contract):
    return schema.infer(before, contract)


@pytest.fixture(scope="session")
def validated(now, before, expected, contract):
    return validation.validate(now, expected, contract, baseline=before)


@pytest.fixture
def evaluated():
    return Evaluation(
        span="2013-02",
        split="eval",
        task="binary",
        label="late",
        classes=("no", "yes"),
        metric="auc",
        verdict=Verdict((Finding("late", HOSTILE, "info", HOSTILE_VALUE),)),
        overall=judged(),
        slices=(
            judged("carrier=fine", 900, change=0.02),
            judged(f"carrier={HOSTILE}", 800, change=-0.05),
            judged("carrier=tiny", 7, change=-0.3),
            judged("carrier=worst", 700, change=-0.08),
        ),
        champion_version="2013-01-abc",
        baselines={"auc": 0.5, "accuracy": 0.8},
        roc=((0.0, 0.0, math.inf), (0.2, 0.6, 0.5), (1.0, 1.0, 0.0)),
        confusion=((3700, 250), (760, 290)),
        confusion_classes=("no", HOSTILE),
        calibration=((0.1, 0.12, 2500), (0.6, 0.5, 2500)),
        histogram={"no": (5,) * 20, HOSTILE: (1,) * 20},
    )


@pytest.fixture
def pages(now, before, expected, contract, validated, evaluated):
    return {
        "data": report_pages.data_page(now, expected, contract, validation=validated, at=AT),
        "validation": report_pages.validation_page(
            with_rules(validated), now, before, expected, contract, at=AT
        ),
        "evaluation": report_pages.evaluation_page(evaluated, MODEL, contract, at=AT),
        "index": report_pages.index_page(a_run(), at=AT),
    }
