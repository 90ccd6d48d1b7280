"""Import this before TensorFlow or TFDV: keeps their start-up chatter out of a task's log.

A value the user has set stays, and errors are still shown.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

for _name, _value in {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "GRPC_VERBOSITY": "ERROR",
    "ABSL_MIN_LOG_LEVEL": "2",
    # Announced on every start otherwise; off, floats also add up alike on every processor.
    "TF_ENABLE_ONEDNN_OPTS": "0",
}.items():
    os.environ.setdefault(_name, _value)

logging.getLogger("apache_beam").setLevel(logging.ERROR)


#: Modules that write to stderr when they are imported: TFDV's, wherever IPython is not installed,
#: which only its notebook plots need; Beam's, wherever its clients for Google Cloud are not.
_CHATTY = {
    "tensorflow_data_validation.utils.display_util",
    "apache_beam.io.gcp.internal.clients.bigquery",
}


class _Hushed(MetaPathFinder):
    """Finds those modules, and loads them with stderr and logging set aside."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _CHATTY:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def hushed(module: ModuleType) -> None:
            with contextlib.redirect_stderr(io.StringIO()), _no_warnings():
                load(module)

        spec.loader.exec_module = hushed  # type: ignore[method-assign]
        return spec


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    """Log errors only, and leave no handler behind: the first warning would add one to stderr."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(level)
        root.handlers[:] = handlers


sys.meta_path.insert(0, _Hushed())
