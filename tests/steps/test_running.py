"""How a step ends."""

import pytest

from tidegate.core.errors import SourceError
from tidegate.steps import step


@step
def ends(error):
    raise error


def test_what_the_user_can_mend_is_one_line(capsys):
    with pytest.raises(SystemExit) as stop:
        ends(SourceError("1.csv is gone; restore it"))
    assert stop.value.code == "ends: 1.csv is gone; restore it"
    assert "Traceback" not in capsys.readouterr().err


def test_what_nobody_foresaw_ends_with_one_line_after_its_traceback(capsys):
    with pytest.raises(SystemExit) as stop:
        ends(ValueError("Cannot set\n\tan empty vocabulary" + "x" * 1000))
    assert stop.value.code.startswith("ends: ValueError: Cannot set an empty vocabulary")
    assert stop.value.code.endswith("report it with the lines above")
    assert "\n" not in stop.value.code
    assert len(stop.value.code) < 500
    assert "Traceback (most recent call last)" in capsys.readouterr().err
