"""Load TFDV's functions in use without importing TensorFlow and Beam.

Their import takes seconds: `import tensorflow_data_validation` executes every module of TFDV, of
TensorFlow (which TFDV needs to write TFRecords) and of Beam (which runs its pipelines). Tidegate
calls TFDV's C++ library, which loads in milliseconds, and the generators of statistics, which are
Python around it. So those few modules are executed here from TFDV's own files under private names
(prefixed with `tidegate.core._tfdv.`), and their imports are answered one by one: a module of TFDV
is loaded in the same way, TensorFlow and Beam are stand-ins, and everything else (tfx_bsl, the
protos, numpy) is imported normally. No stand-in is ever in `sys.modules`, so any import of
TensorFlow, Beam or TFDV, before, after or in another thread, gets the real and complete module.

A stand-in provides what those modules use while they are executed, and fetches anything else from
the real package. If that fails, because this TFDV is built in another way than the known one, TFDV
is imported normally. If TFDV has been imported already, its C++ library is reused, and the modules
are still executed here: so the processes of a pool agree on their names.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.util
import io
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx_bsl.arrow import array_util
from tfx_bsl.statistics import merge_util

import tidegate.core._quiet  # noqa: F401  (before TFDV)

__all__ = [
    "array_util",
    "basic_stats_generator",
    "infer_schema",
    "is_light",
    "merge_util",
    "quantiles_util",
    "top_k_uniques_sketch_stats_generator",
    "types",
    "validate_statistics",
]

_TFDV: Final = "tensorflow_data_validation"
_EXTENSION: Final = f"{_TFDV}.pywrap.{_TFDV}_extension"
_USED: Final = (
    f"{_TFDV}.statistics.generators.basic_stats_generator",
    f"{_TFDV}.statistics.generators.top_k_uniques_sketch_stats_generator",
    f"{_TFDV}.types",
    f"{_TFDV}.utils.quantiles_util",
)
#: The number of arguments of each C++ function that is called here.
_ARITIES: Final = {"InferSchema": 3, "ValidateFeatureStatistics": 9}


class _DiffersError(ImportError):
    """TFDV differs from the known build."""


class _StandIn(ModuleType):
    """A module that imports the real one for unknown attributes."""

    def __init__(self, name: str, **known: Any) -> None:
        super().__init__(name)
        vars(self).update(known)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self.__name__), attribute)


class _Uncounted:
    """A Beam metric outside a pipeline, which is never read."""

    def inc(self, *_: int) -> None:
        """Count nothing."""

    def update(self, *_: float) -> None:
        """Count nothing."""


def _stand_ins() -> dict[str, ModuleType]:
    """The stand-ins for TensorFlow and the parts of Beam in use.

    TFDV's modules derive from, decorate with and register at these parts of Beam.
    """

    def unchanged(decorated: Any) -> Any:
        return decorated

    def typed(*_: Any, **__: Any) -> Any:
        return unchanged

    def metric(*_: str) -> _Uncounted:
        return _Uncounted()

    def register_coder(*_: Any) -> None:
        """Register nothing: no Beam worker receives anything."""

    beam = _StandIn(
        "apache_beam",
        DoFn=object,
        PTransform=object,
        ptransform_fn=unchanged,
        coders=_StandIn(
            "apache_beam.coders",
            Coder=object,
            typecoders=_StandIn(
                "apache_beam.coders.typecoders",
                registry=SimpleNamespace(register_coder=register_coder),
            ),
        ),
        metrics=_StandIn(
            "apache_beam.metrics", Metrics=SimpleNamespace(counter=metric, distribution=metric)
        ),
        typehints=_StandIn(
            "apache_beam.typehints", KV=tuple, with_input_types=typed, with_output_types=typed
        ),
    )
    return {"apache_beam": beam, "tensorflow": _StandIn("tensorflow")}


class _Modules:
    """TFDV's modules under private names.

    They have those names so that objects of their classes pickle: a process that unpickles one
    imports this module first, as their parent, and finds them loaded.

    Attributes:
        loaded: The modules by TFDV's own names.
    """

    def __init__(self, directory: Path) -> None:
        self.loaded: dict[str, ModuleType] = {}
        self._directory = directory
        self._stand_ins = _stand_ins()
        # What an import statement calls is `__import__` of the module's own builtins.
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> ModuleType:
        """Load a module by TFDV's own name, and execute it once."""
        if name in self.loaded:
            return self.loaded[name]
        if name == _EXTENSION:
            return _extension(self._directory)
        parent, _, last = name.rpartition(".")
        if parent:
            self.load(parent)
        spec = _spec(f"{__name__}.{name}", self._directory.parent.joinpath(*parent.split(".")))
        module = self.loaded[name] = importlib.util.module_from_spec(spec)
        # A package's own code is what is left out.
        if spec.submodule_search_locations is None:
            vars(module)["__builtins__"] = self._builtins
            exec(spec.loader.get_code(spec.name), vars(module))  # type: ignore  # noqa: S102
        if parent:
            setattr(self.loaded[parent], last, module)
        return module

    def _import(
        self,
        name: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if not level and name in self._stand_ins:
            return self._stand_ins[name]
        if level or name.partition(".")[0] != _TFDV:
            return builtins.__import__(name, globals_, locals_, fromlist or (), level)
        module = self.load(name)
        if not fromlist:
            return self.load(_TFDV)
        for wanted in fromlist:
            if not hasattr(module, wanted):
                self.load(f"{name}.{wanted}")
        return module


def _spec(name: str, directory: Path) -> ModuleSpec:
    """Find the module of a name's last part in a directory.

    Raises:
        _DiffersError: there is none.
    """
    found = PathFinder.find_spec(name, [str(directory)])
    if found is None or found.loader is None:
        raise _DiffersError(f"there is nothing to load in {directory}", name=name)
    return found


class _Once(MetaPathFinder, Loader):
    """A finder that passes the loaded C++ library to other importers.

    It must not be initialized twice in a process. If it were in `sys.modules` instead, its package
    would not get a reference to it.
    """

    def __init__(self, library: ModuleType) -> None:
        self._library = library

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        if fullname != _EXTENSION:
            return None
        return ModuleSpec(fullname, self, origin=self._library.__file__)

    def create_module(self, _: ModuleSpec) -> ModuleType:
        return self._library

    def exec_module(self, _: ModuleType) -> None:
        """Do nothing: the library is executed already."""


def _extension(directory: Path) -> ModuleType:
    """Load TFDV's C++ library under its own name, without its packages."""
    if (imported := sys.modules.get(_EXTENSION)) is not None:
        return imported
    spec = _spec(_EXTENSION, directory / "pywrap")
    library = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)  # type: ignore[union-attr]
    sys.modules.pop(_EXTENSION, None)
    sys.meta_path.insert(0, _Once(library))
    return library


def _lightly() -> dict[str, Any]:
    """Load the used modules and the library from TFDV's files.

    Raises:
        Exception: any exception of its modules if they differ from the known ones.
    """
    found = importlib.util.find_spec(_TFDV)
    if found is None or found.origin is None:
        raise _DiffersError("there are no files of it", name=_TFDV)
    modules = _Modules(Path(found.origin).parent)
    library = modules.load(_EXTENSION)
    _check(library)
    made = {name: modules.load(name) for name in _USED}
    sys.modules.update({f"{__name__}.{name}": module for name, module in modules.loaded.items()})
    return {**made, _EXTENSION: library}


def _check(library: ModuleType) -> None:
    """Check the C++ functions' signatures against the calls here.

    Raises:
        _DiffersError: one is missing, or takes more or fewer arguments.
    """
    for name, arity in _ARITIES.items():
        signature = getattr(getattr(library.validation, name), "__doc__", "") or ""
        if signature.count(": ") != arity:
            raise _DiffersError(f"{name} is not known as {signature!r}", name=_EXTENSION)


def _plainly() -> dict[str, Any]:
    """Import the used modules normally."""
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    with _hushed():
        import tensorflow_data_validation as tfdv

        return {_TFDV: tfdv, **{name: importlib.import_module(name) for name in _USED}}


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Suppress stderr and warnings during the import.

    TFDV and Beam warn about missing IPython and Google Cloud clients. Handlers of logging are
    removed again; the first warning would add one.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(level)
        root.handlers[:] = handlers


def _load() -> dict[str, Any]:
    try:
        return _lightly()
    except Exception as error:
        logging.getLogger(__name__).info("TFDV is imported with all it needs: %r", error)
        try:
            return _plainly()
        except ModuleNotFoundError:
            # Where TensorFlow and Beam are left out on purpose, the light way names what lacks.
            if isinstance(error, ModuleNotFoundError):
                raise error from None
            raise


_loaded: Final = _load()
basic_stats_generator, top_k_uniques_sketch_stats_generator, types, quantiles_util = (
    _loaded[name] for name in _USED
)


def is_light() -> bool:
    """Whether TFDV was loaded without TensorFlow and Beam."""
    return _TFDV not in _loaded


def infer_schema(statistics: Any, *, max_string_domain_size: int) -> Any:
    """Call TFDV's `infer_schema` for one dataset, without feature shapes."""
    if not is_light():
        return _loaded[_TFDV].infer_schema(
            statistics, infer_feature_shape=False, max_string_domain_size=max_string_domain_size
        )
    (dataset,) = statistics.datasets
    found = _loaded[_EXTENSION].validation.InferSchema(
        dataset.SerializeToString(), max_string_domain_size, False
    )
    return schema_pb2.Schema.FromString(found)


def validate_statistics(
    statistics: Any, schema: Any, *, environment: str, previous_statistics: Any = None
) -> Any:
    """Call TFDV's `validate_statistics`, and return its `Anomalies`.

    Each list has one dataset.

    Raises:
        ValueError: the schema does not have the environment.
        RuntimeError: TFDV cannot work with the schema.
    """
    if not is_light():
        return _loaded[_TFDV].validate_statistics(
            statistics, schema, environment=environment, previous_statistics=previous_statistics
        )
    if environment not in schema.default_environment:
        raise ValueError(f"Environment {environment} not found in the schema.")
    (dataset,) = statistics.datasets
    before = b""
    if previous_statistics is not None:
        (previous,) = previous_statistics.datasets
        before = previous.SerializeToString()
    # No statistics of serving or of another version, no required features, no configuration:
    # TFDV's own defaults. No regions of differences.
    found = _loaded[_EXTENSION].validation.ValidateFeatureStatistics(
        dataset.SerializeToString(),
        schema.SerializeToString(),
        environment.encode(),
        before,
        *(b"", b"", b"", b""),
        False,
    )
    return anomalies_pb2.Anomalies.FromString(found)
