"""A schedule hands a run its data interval: what a retry and a backfill make of it."""

import re

import pytest
import yaml

from tests.pipelines.conftest import write_span
from tidegate import steps
from tidegate.platform.registry import Registry
from tidegate_kfp import compiled

DAYS = ("2013-02-01", "2013-02-02", "2013-02-03")
#: What a daily schedule gives the run for 2 February, whenever that runs.
SECOND = "interval:2013-02-02T00:00:00+00:00/2013-02-03T00:00:00+00:00"


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "contract.yaml").write_text(
        "dataset: shop\nsource: {uri: 'data/{YYYY}-{MM}-{DD}/*.csv', format: csv}\nkey: [id]\n"
    )
    return tmp_path


def deliver(shop, *days):
    for day in days:
        write_span(shop / "data", day, [["id", "x"], [f"{day}-1", 1], [f"{day}-2", 2]])


def resolve(shop, span):
    return steps.resolve_inputs(
        contract_uri=str(shop / "contract.yaml"), span=span, registry_uri=str(shop / "registry")
    )


def test_a_retry_on_a_later_day_gives_the_same(shop):
    deliver(shop, *DAYS[:2])
    first = resolve(shop, SECOND)
    assert first.span == "2013-02-02"
    assert resolve(shop, "latest").span == "2013-02-02"
    deliver(shop, DAYS[2])
    assert resolve(shop, SECOND) == first
    # What a schedule must not use: it means another day by now.
    assert resolve(shop, "latest").span == "2013-02-03"


def test_a_backfill_gives_what_each_day_gave_or_would_have_given(shop):
    on_the_day = []
    for day, following in zip(DAYS, (*DAYS[1:], "2013-02-04"), strict=True):
        deliver(shop, day)
        on_the_day.append(resolve(shop, f"interval:{day}/{following}"))
    backfilled = [
        resolve(shop, f"interval:{day}/{following}")
        for day, following in zip(DAYS, (*DAYS[1:], "2013-02-04"), strict=True)
    ]
    assert backfilled == on_the_day
    assert [found.span for found in backfilled] == list(DAYS)
    whole = resolve(shop, f"interval:{DAYS[0]}/2013-02-04")
    assert whole.span == "2013-02-01..2013-02-03"


def test_an_interval_whose_data_is_not_there_yet_fails_and_names_it(shop):
    deliver(shop, DAYS[0])
    with pytest.raises(SystemExit, match=r"needs 2013-02-02, which .*; there are: 2013-02-01"):
        resolve(shop, SECOND)


def test_an_object_that_arrives_while_a_run_is_under_way_ends_it(shop):
    deliver(shop, *DAYS)
    found = resolve(shop, SECOND)
    late(shop)
    with pytest.raises(SystemExit, match=r"2013-02-02 changed since .*; start the run again"):
        steps.ingest_examples(
            contract_uri=str(shop / "contract.yaml"),
            contract_digest=found.contract_digest,
            span=found.span,
            content_digest=found.content_digest,
            out=shop / "examples",
        )
    assert not (shop / "examples").exists()


def test_an_object_that_arrives_between_a_run_and_its_retry_is_told(shop, capsys):
    deliver(shop, *DAYS)
    first = resolve(shop, SECOND)
    (shop / "statistics").mkdir()
    (shop / "statistics" / "statistics.pb").write_bytes(b"of the first run")
    Registry(str(shop / "registry"), "shop").commit(
        "statistics",
        "2013-02-02-0123456789ab",
        shop / "statistics",
        span=first.span,
        lineage={"content_digest": first.content_digest},
    )
    capsys.readouterr()
    assert resolve(shop, SECOND).content_digest == first.content_digest
    assert "arrived late" not in capsys.readouterr().err
    late(shop)
    retried = resolve(shop, SECOND)
    assert retried.span == first.span
    assert retried.content_digest != first.content_digest
    told = capsys.readouterr().err
    assert "2013-02-02 has other objects or content than when 2013-02-02-0123456789ab" in told


def late(shop):
    (shop / "data" / DAYS[1] / "late.csv").write_text("id,x\nlate,3\n")


def test_the_pipeline_takes_an_interval_as_one_parameter():
    spec = next(yaml.safe_load_all(compiled.TRAINING.read_text()))
    inputs = spec["root"]["inputDefinitions"]["parameters"]
    assert inputs["span"]["parameterType"] == "STRING"
    assert re.search(r"interval:\S+/\S+", inputs["span"]["description"])
