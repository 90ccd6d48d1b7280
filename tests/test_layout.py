"""Where a module is tested is never a question: the tests are laid out as the engine is."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ENGINE = TESTS.parent / "src" / "tidegate"
#: Folders that mirror other trees, or hold no tests.
OTHERS = {"components", "e2e", "examples", "files", "pipelines", "support"}
MODULES = sorted(
    path for path in TESTS.glob("*/**/test_*.py") if path.relative_to(TESTS).parts[0] not in OTHERS
)


def subjects(path):
    """The modules of the engine that a test module may be about, by its place and its name."""
    folder = ENGINE / path.relative_to(TESTS).parent
    faces = [folder] if (folder / "__init__.py").is_file() else []
    modules = [m for m in folder.glob("*.py") if m.name != "__init__.py"]
    about = path.stem.removeprefix("test_")
    return [m for m in faces + modules if f"{about}_".startswith(f"{m.stem.lstrip('_')}_")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_a_test_module_is_where_the_module_it_tests_is(path):
    place = path.relative_to(TESTS)
    assert subjects(path), (
        f"tests/{place} is named after no module of src/tidegate/{place.parent}: "
        "a name is test_<module>.py or test_<module>_<what>.py, or begins with the package's"
    )


def test_there_are_tests_to_look_at():
    assert {path.relative_to(TESTS).parts[0] for path in MODULES} >= {"core", "data", "report"}
