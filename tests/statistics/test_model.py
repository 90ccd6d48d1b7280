"""Statistics on disk."""

import json
from dataclasses import replace

import pytest

from tests.support.seen import statistics
from tidegate.core.errors import StatisticsError
from tidegate.data.facts import Facts
from tidegate.statistics import Statistics, compute_table


def test_facts_survive_the_way_to_disk(tmp_path):
    facts = Facts.of(replace(statistics().facts, bad_records=1, bad_reasons=(("x", 1),)).to_json())
    written = replace(statistics(), facts=facts)
    written.write(tmp_path)
    assert type(written).read(tmp_path).facts == facts


def test_statistics_survive_the_disk_and_tell_when_they_were_changed(mixed, tmp_path):
    written = compute_table(mixed.to_batches(), schema=mixed.schema, span="7", content_digest="d")
    written.write(tmp_path / "s")
    assert Statistics.read(tmp_path / "s") == written
    about = json.loads((tmp_path / "s" / "statistics.json").read_text())
    assert about["rows"] == {"all": 1500}
    payload = tmp_path / "s" / "statistics.pb"
    payload.write_bytes(payload.read_bytes()[:-10])
    with pytest.raises(StatisticsError, match="compute"):
        Statistics.read(tmp_path / "s")
    with pytest.raises(StatisticsError, match="cannot read statistics in"):
        Statistics.read(tmp_path / "nowhere")
