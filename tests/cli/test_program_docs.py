"""`docs/cli.md` describes every command and names every option."""

import re
from pathlib import Path

import pytest

from tidegate.cli import main

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


@pytest.fixture
def options(capsys):
    def options(*command):
        with pytest.raises(SystemExit):
            main([*command, "--help"])
        told = capsys.readouterr().out
        listed = re.findall(r"^    ([a-z]+) +\S", told, re.MULTILINE)
        return listed, set(re.findall(r"(--[a-z][a-z-]+)", told)) - {"--help"}

    return options


def test_every_command_and_option_is_described(options):
    text = DOCS.read_text()
    commands, general = options()
    actions, _ = options("schema")
    assert len(commands) > 5
    assert "propose" in actions
    for command in commands:
        assert f"\n## `tidegate {command}`\n" in text
        assert f"(#tidegate-{command})" in text
    for action in actions:
        assert re.search(rf"`(schema )?{action}\b", text), action
    named = set(re.findall(r"--[a-z][a-z-]+", text))
    for command in (*([c] for c in commands if c != "schema"), *(["schema", a] for a in actions)):
        missing = options(*command)[1] - named
        assert not missing, (command, missing)
    assert general <= {"--version"}


def test_every_page_that_is_linked_is_there():
    for page, anchor in re.findall(r"\]\(([a-z.]+\.md)?(?:#([a-z-]+))?\)", DOCS.read_text()):
        text = (DOCS.parent / page if page else DOCS).read_text()
        heads = [
            re.sub(r"[^a-z -]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
            for line in text.splitlines()
            if line.startswith("#")
        ]
        assert not anchor or anchor in heads, (page, anchor)
