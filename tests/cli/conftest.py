from pathlib import Path

import pytest

from tests.support.commands import CONTRACT, lines, text_of
from tidegate.cli import main


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Two alike files, one in kilometres with a misspelt carrier, and this as the directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    Path("january.csv").write_text(text_of(lines(1)))
    Path("february.csv").write_text(text_of(lines(2)))
    Path("broken.csv").write_text(text_of(lines(3, carriers=("AA", "ua", "DL"), scale=1.609)))
    return tmp_path


@pytest.fixture
def call(home, capsys):
    def call(*arguments):
        code = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def contract(home):
    Path("contract.yaml").write_text(CONTRACT)
    Path("spans").mkdir()
    for month in (1, 2):
        rows = [[*row, i % 2] for i, row in enumerate(lines(month))]
        body = text_of([]).replace("\n", ",late\n") + text_of(rows).split("\n", 1)[1]
        Path(f"spans/2013-0{month}.csv").write_text(body)
    return "contract.yaml"
