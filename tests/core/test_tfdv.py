"""TFDV loaded without TensorFlow and Beam: the same figures, and nobody else notices."""

import pickle
import subprocess
import sys
import textwrap

import pytest

HEAVY = ("apache_beam", "keras", "tensorflow", "tensorflow_data_validation")

#: Prints a digest of everything that is asked of TFDV, for data with all sorts of values.
FIGURES = """
import hashlib, math
import pyarrow as pa
from tensorflow_metadata.proto.v0 import statistics_pb2
from tidegate.core import _tfdv
from tidegate.statistics.partial import extract, merge, partial_of

def one(n):
    both = merge(partial_of(batch(n)), partial_of(batch(2 * n)))
    return extract(both, name="all", columns=["i", "f", "s", "e"])

def batch(n):
    return pa.RecordBatch.from_pydict({
        "i": pa.array([None if k % 7 == 0 else k * k for k in range(n)], pa.int64()),
        "f": pa.array([math.nan, math.inf, -0.0, None] + [k / 3 for k in range(n - 4)]),
        "s": pa.array([None if k % 5 == 0 else f"text {k % 23}" for k in range(n)]),
        "e": pa.array([None] * n, pa.string()),
    })

def listed(n):
    return statistics_pb2.DatasetFeatureStatisticsList(datasets=[one(n)])

schema = _tfdv.infer_schema(listed(100), max_string_domain_size=200)
schema.default_environment.append("TRAINING")
schema.feature[0].drift_comparator.jensen_shannon_divergence.threshold = 0.01
schema.feature[2].drift_comparator.infinity_norm.threshold = 0.01
schema.string_domain[0].value.remove("text 3")
found = _tfdv.validate_statistics(
    listed(50), schema, environment="TRAINING", previous_statistics=listed(1000)
)
assert {"i", "s"} <= set(found.anomaly_info), found
digest = hashlib.sha256()
for message in (listed(100), schema, found):
    digest.update(message.SerializeToString(deterministic=True))
print(_tfdv.is_light(), digest.hexdigest())
"""

#: What is imported by whoever imports it is the real thing, and whole.
REAL = """
import importlib, sys
from tidegate.core import _tfdv
import apache_beam, keras, tensorflow, tensorflow_data_validation
for name, module in list(sys.modules.items()):
    assert not isinstance(module, _tfdv._StandIn), name
assert tensorflow.reduce_sum(tensorflow.constant([1, 2])).numpy() == 3
assert keras.layers.Dense(2)(tensorflow.ones((1, 3))).shape == (1, 2)
with apache_beam.Pipeline() as pipeline:
    pipeline | apache_beam.Create([1, 2]) | apache_beam.CombineGlobally(sum)
import pandas
rows = pandas.DataFrame({"i": [1, 2]})
made = tensorflow_data_validation.generate_statistics_from_dataframe(rows)
schema = tensorflow_data_validation.infer_schema(made)
assert not tensorflow_data_validation.validate_statistics(made, schema).anomaly_info
library = tensorflow_data_validation.pywrap.tensorflow_data_validation_extension
assert library is importlib.import_module(library.__name__) is _tfdv._loaded[library.__name__]
"""


def python(code: str, *words: str, chatty: bool = False) -> str:
    """What a fresh process prints; without what TFDV says of IPython, unless it may be chatty."""
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), *words],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert chatty or "IPython" not in ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def light() -> str:
    return python(FIGURES)


def test_neither_tensorflow_nor_beam_is_imported():
    code = f"""
    import sys
    import tidegate.schema, tidegate.statistics, tidegate.validation
    from tidegate.core import _tfdv
    assert _tfdv.is_light()
    print([name for name in {HEAVY} if name in sys.modules])
    """
    assert python(code) == "[]\n"


def test_the_figures_are_those_of_tfdv(light):
    # TFDV's own modules and functions, put where those are that were loaded without it.
    plain = python(
        "from tidegate.core import _tfdv\n"
        "_tfdv._loaded = _tfdv._plainly()\n"
        "for name in _tfdv._USED: setattr(_tfdv, name.rpartition('.')[2], _tfdv._loaded[name])\n"
        f"{FIGURES}"
    )
    assert light.split()[0] == "True"
    assert plain.split() == ["False", light.split()[1]]


@pytest.mark.parametrize(
    "before", ["", "import tensorflow, apache_beam", "import tensorflow_data_validation"]
)
def test_whoever_imports_tensorflow_beam_or_tfdv_gets_the_real_one(light, before):
    assert python(f"{before}\n{FIGURES}\n{REAL}", chatty=True) == light


def test_figures_are_the_same_once_tfdv_is_there_too(light):
    assert python(f"{REAL}\n{FIGURES}", chatty=True) == light


#: TFDV's modules are there, but not as they are known: one is missing, one fails, and a function of
#: the library takes an argument more.
DIFFERENT = {
    "a module is missing": """
        from importlib.machinery import PathFinder
        find = PathFinder.find_spec
        PathFinder.find_spec = staticmethod(lambda name, *rest: (
            None if name.startswith("tidegate.core._tfdv.") and name.endswith(".stats_generator")
            else find(name, *rest)
        ))
    """,
    "a module fails": """
        from importlib.machinery import SourceFileLoader
        get = SourceFileLoader.get_code
        SourceFileLoader.get_code = lambda self, name: (
            compile("undefined", name, "exec")
            if name.startswith("tidegate.core._tfdv.") and name.endswith(".io_util")
            else get(self, name)
        )
    """,
    "a function takes more": """
        import importlib.util, sys, types
        from importlib.machinery import PathFinder
        package = importlib.util.find_spec("tensorflow_data_validation")
        name = "tensorflow_data_validation.pywrap.tensorflow_data_validation_extension"
        spec = PathFinder.find_spec(name, [package.submodule_search_locations[0] + "/pywrap"])
        real = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(real)
        def validate(*arguments):
            return real.validation.ValidateFeatureStatistics(*arguments)
        validate.__doc__ = real.validation.ValidateFeatureStatistics.__doc__.replace(
            ")", ", arg9: bool)"
        )
        other = types.ModuleType(name)
        other.validation = types.SimpleNamespace(**vars(real.validation))
        other.validation.ValidateFeatureStatistics = validate
        sys.modules[name] = other
    """,
}


@pytest.mark.parametrize("difference", DIFFERENT)
def test_where_tfdv_is_not_as_known_it_is_imported_as_ever(light, difference):
    code = f"{textwrap.dedent(DIFFERENT[difference])}\n{FIGURES}\nimport sys\n"
    code += "print('tensorflow' in sys.modules, 'apache_beam' in sys.modules)"
    is_light, digest, *imported = python(code).split()
    assert (is_light, digest) == ("False", light.split()[1])
    assert imported == ["True", "True"]


def test_what_a_stand_in_does_not_know_comes_from_the_real_module():
    code = """
    import sys
    from tidegate.core import _tfdv
    made = _tfdv._stand_ins()
    assert "apache_beam" not in sys.modules
    pipeline, coder = made["apache_beam"].Pipeline, made["apache_beam"].coders.ProtoCoder
    import apache_beam
    print(pipeline is apache_beam.Pipeline, coder is apache_beam.coders.ProtoCoder)
    """
    assert python(code) == "True True\n"


def test_partials_pickle_into_a_process_that_has_loaded_nothing(tmp_path):
    import pyarrow as pa

    from tidegate.statistics.partial import partial_of

    file = tmp_path / "partial"
    file.write_bytes(pickle.dumps(partial_of(pa.RecordBatch.from_pydict({"i": [1, 2, 3]}))))
    code = """
    import pickle, sys
    partial = pickle.load(open(sys.argv[1], "rb"))
    from tidegate.statistics.partial import extract
    print(extract(partial, name="all", columns=["i"]).features[0].num_stats.mean)
    """
    assert python(code, str(file)) == "2.0\n"


def test_where_there_is_no_tfdv_it_is_named():
    code = """
    import sys
    sys.modules["tensorflow_data_validation"] = None
    try:
        import tidegate.core._tfdv
    except ModuleNotFoundError as error:
        print(error.name)
    """
    assert python(code) == "tensorflow_data_validation\n"
