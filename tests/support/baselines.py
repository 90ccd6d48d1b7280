"""Spans accepted into a registry, to be compared with."""

from tests.support.drift import of
from tidegate.contract import Contract

CONTRACT = "dataset: d\nsource: {uri: x, format: csv}\nkey: [id]\n"


def contract(drift):
    return Contract.parse(f"{CONTRACT}gates: {{drift: {{{drift}}}}}\n")


def accept(registry, tmp_path, span, columns, *, version="", promote=True):
    folder = tmp_path / f"statistics-{span}{version}"
    of(columns, span).write(folder)
    return registry.commit(
        "statistics", f"{span}{version}", folder, span=span, lineage={}, promote=promote
    )
