"""What a component imports, however deep, is in the lock of the image that it runs in."""

from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.components.reachable import imported_by
from tidegate_kfp import components
from tidegate_kfp.components import images

ROOT = Path(__file__).parents[2]
LOCKS = {images.LIGHT: "light", images.DATA: "data", images.ML: "ml"}
#: The Python of the images, for the markers in the locks.
IMAGE = {"python_version": "3.13", "python_full_version": "3.13.5"}
#: Imported only where pyarrow is older than any image's.
NEVER = {"pyarrow_hotfix"}


@cache
def lock(name):
    """The distributions that a lock installs in an image."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    wanted = [Requirement(line.rstrip(" \\")) for line in lines if line and line[0].isalnum()]
    return {
        canonicalize_name(each.name)
        for each in wanted
        if each.marker is None or each.marker.evaluate(IMAGE)
    }


@cache
def distributions():
    """Which distribution a module comes from, by its path without suffixes."""
    return {
        str(file.parent if file.name == "__init__.py" else file).partition(".")[0]: name
        for each in metadata.distributions()
        for name in [canonicalize_name(each.name)]
        for file in each.files or ()
        if file.suffix in (".py", ".so")
    }


def distribution(module):
    """Where `a.b.c` comes from; `c` may be a name in the module `a.b`."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        if found := distributions().get("/".join(parts[:end])):
            return found
    raise AssertionError(f"{module} is of no installed distribution")


def missing(name, image):
    """What a component imports and the lock of an image lacks, by distribution."""
    needed = {m: distribution(m) for m in imported_by("tidegate.steps", name) - NEVER}
    return {found for found in needed.values() if found not in lock(LOCKS[image])}


def image_of(name):
    return getattr(components, name).component_spec.implementation.container.image


@pytest.mark.parametrize("name", components.__all__)
def test_every_import_is_in_the_image(name):
    assert missing(name, image_of(name)) == set()


@pytest.mark.parametrize(
    ("name", "lacking"),
    [
        ("train_model", {"keras", "tensorflow-cpu"}),
        ("evaluate_model", {"tensorflow-cpu"}),
        ("compute_statistics", {"tensorflow-data-validation"}),
    ],
)
def test_what_the_light_image_lacks_is_found_inside_functions(name, lacking):
    assert lacking <= missing(name, images.LIGHT)


def test_light_is_light():
    assert not lock("light") & {"tensorflow-cpu", "tensorflow-data-validation", "keras", "duckdb"}
    assert lock("light") < lock("data") < lock("ml")
    assert not lock("data") & {"tensorflow-cpu", "tensorflow", "keras", "apache-beam"}
