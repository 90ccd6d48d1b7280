"""Statistics on disk."""

import json
import subprocess
import sys
from dataclasses import replace

import pyarrow as pa
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


def test_reading_rows_starts_no_thread_that_could_outlive_them(tmp_path):
    """A thread of Arrow that still holds Python's bytes at exit aborts the process."""
    rows = pa.table({"x": list(range(1000)), "y": [f"t{i}" for i in range(1000)]})
    measured = compute_table(rows.to_batches(), schema=rows.schema, span="1")
    replace(measured, sample=rows).write(tmp_path / "s")
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tidegate.statistics import Statistics\n"
        "def threads():\n"
        "    names = [p.read_text().strip() for p in Path('/proc/self/task').glob('*/comm')]\n"
        "    return len([n for n in names if not n.startswith('jemalloc')])\n"
        "before = threads()\n"
        "assert Statistics.read(Path(sys.argv[1])).sample.num_rows == 1000\n"
        "assert threads() == before, (before, threads())\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "s"], check=True)
