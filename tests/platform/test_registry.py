"""The registry: a commit happened or it did not, whoever is killed and whoever races."""

import json
import multiprocessing
import os
import resource
import signal
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.forking import fork
from tidegate.core.errors import ContractError, NotRegisteredError, RegistryError
from tidegate.platform.registry import Registry
from tidegate.platform.storage import open_store

FILES = {"model.json": b"{}", "saved_model/variables/data": b"\x00" * 5000, "z": b"last"}


@pytest.fixture
def payload(tmp_path):
    return make_payload(tmp_path / "payload", FILES)


def make_payload(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def uri(tmp_path):
    return (tmp_path / "registry").as_uri()


@pytest.fixture
def registry(uri):
    return Registry(uri, "flights")


def content(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def state(uri):
    """Every object of a registry, without the times of its commits."""
    store = open_store(uri)
    found = {i.name: store.read(i.name)[0] for i in store.list()}
    for name in found:
        if name.endswith("index.json"):
            index = json.loads(found[name])
            for entry in index["entries"]:
                assert entry.pop("created_at")
            found[name] = index
    return found


# What it keeps


def test_empty(registry):
    assert registry.current("model") is None
    assert registry.versions("schema") == []
    assert registry.statistics_before("2013-02") is None
    assert registry.run("r") == {}
    with pytest.raises(
        NotRegisteredError, match=r"'v1' is not in the registry of flights; .*none yet"
    ):
        registry.get("model", "v1")


def test_commit_get_fetch(registry, uri, payload, tmp_path):
    lineage = {"content_digest": "abc"}
    entry = registry.commit("model", "v1", payload, span="2013-01", lineage=lineage)
    assert (entry.kind, entry.version, entry.span) == ("model", "v1", "2013-01")
    assert entry.lineage == lineage
    assert entry.promoted
    assert [(f.name, f.size) for f in entry.files] == [
        (n, len(c)) for n, c in sorted(FILES.items())
    ]
    again = Registry(uri, "flights")
    assert again.current("model") == again.get("model", "v1") == entry
    assert content(again.fetch(entry, tmp_path / "copy")) == FILES
    make_payload(tmp_path / "copy", {"stale": b"x"})
    assert content(again.fetch(entry, tmp_path / "copy")) == FILES


def test_kinds_and_datasets_are_apart(registry, uri, payload):
    for kind in ("schema", "statistics", "model"):
        assert registry.current(kind) is None
        registry.commit(kind, "v1", payload, span="2013-01", lineage={})
        assert [e.kind for e in registry.versions(kind)] == [kind]
    assert Registry(uri, "other").versions("model") == []
    folders = {n.split("/")[1] for n in state(uri)}
    assert folders == {"schemas", "statistics", "models"}


def test_versions_stay_in_the_order_of_commits(registry, payload):
    for version in ("b", "a", "c"):
        registry.commit("model", version, payload, span="2013-01", lineage={})
    assert [e.version for e in registry.versions("model")] == ["b", "a", "c"]
    assert registry.current("model").version == "c"
    with pytest.raises(NotRegisteredError, match="there are: b, a, c"):
        registry.get("model", "d")


def test_without_promotion_the_current_stays(registry, payload):
    registry.commit("model", "v1", payload, span="2013-01", lineage={})
    kept = registry.commit("model", "v2", payload, span="2013-02", lineage={}, promote=False)
    assert not kept.promoted
    assert registry.current("model").version == "v1"
    raised = registry.commit("model", "v2", payload, span="2013-02", lineage={})
    assert raised.promoted
    assert registry.current("model") == raised == registry.get("model", "v2")
    assert raised.created_at == kept.created_at


def test_committing_again_changes_nothing(registry, uri, payload):
    first = registry.commit("statistics", "v1", payload, span="2013-01", lineage={"a": "b"})
    registry.commit("statistics", "v2", payload, span="2013-02", lineage={})
    before = state(uri)
    for promote in (True, False):
        assert first == registry.commit(
            "statistics", "v1", payload, span="2013-01", lineage={"a": "b"}, promote=promote
        )
    assert state(uri) == before
    assert registry.current("statistics").version == "v2"


@pytest.mark.parametrize("kind", ["schema", "statistics"])
def test_a_version_never_changes(registry, uri, payload, kind):
    registry.commit(kind, "v1", payload, span="2013-01", lineage={})
    before = state(uri)
    (payload / "z").write_bytes(b"LAST")
    with pytest.raises(RegistryError, match=f"{kind} 'v1' is in the registry with other content"):
        registry.commit(kind, "v1", payload, span="2013-01", lineage={})
    assert state(uri) == before


def test_of_a_model_the_first_content_stays(registry, uri, payload, tmp_path):
    first = registry.commit("model", "v1", payload, span="2013-01", lineage={})
    before = state(uri)
    (payload / "z").write_bytes(b"LAST")
    assert registry.commit("model", "v1", payload, span="2013-01", lineage={}) == first
    assert state(uri) == before
    assert content(registry.fetch(first, tmp_path / "copy")) == FILES


@pytest.mark.parametrize(
    ("committed", "span", "expected"),
    [
        (["2013-01", "2013-02", "2013-04"], "2013-04", "2013-02"),
        (["2013-04", "2013-02", "2013-01"], "2013-03", "2013-02"),
        (["2013-02"], "2013-02", None),
        (["9", "10", "11"], "11", "10"),
        (["9", "11"], "10", "9"),
        (["2013-02-07T05"], "2013-02-07T06", "2013-02-07T05"),
    ],
)
def test_statistics_before(registry, payload, committed, span, expected):
    for committed_span in committed:
        registry.commit(
            "statistics", f"v-{committed_span}", payload, span=committed_span, lineage={}
        )
    found = registry.statistics_before(span)
    assert (found and found.span) == expected


def test_of_one_span_the_newest_statistics_count_and_held_ones_never(registry, payload):
    for version in ("z", "a"):
        registry.commit("statistics", version, payload, span="2013-01", lineage={})
    registry.commit("statistics", "m", payload, span="2013-02", lineage={}, promote=False)
    assert registry.statistics_before("2013-03").version == "a"


def test_record(registry):
    registry.record("run-1", "validate", {"verdict": "hold", "n": 3})
    registry.record("run-1", "train", {"auc": float("nan"), "deep": [{"x": float("inf")}, 1.5]})
    registry.record("run-1", "validate", {"verdict": "pass"})
    registry.record("run-10", "validate", {"other": True})
    assert registry.run("run-1") == {
        "validate": {"verdict": "pass"},
        "train": {"auc": None, "deep": [{"x": None}, 1.5]},
    }


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), json_values))
def test_facts_come_back_as_they_went(tmp_path_factory, facts):
    registry = Registry(str(tmp_path_factory.getbasetemp() / "facts"), "d")
    registry.record("run", "step", facts)
    assert registry.run("run") == {"step": facts}


# What it refuses


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "a b", "x" * 129, "a\n"])
def test_names_that_could_lead_astray(registry, uri, payload, name):
    with pytest.raises(RegistryError, match="cannot be a name in the registry"):
        registry.commit("model", name, payload, span="2013", lineage={})
    with pytest.raises(RegistryError, match="cannot be a name in the registry"):
        registry.record(name, "step", {})
    with pytest.raises(RegistryError, match="cannot be a name in the registry"):
        registry.record("run", name, {})
    with pytest.raises(RegistryError, match="cannot be a name in the registry"):
        Registry(uri, name)


def test_payloads_that_are_none(registry, payload, tmp_path):
    def commit(path, kind="model", span="2013"):
        registry.commit(kind, "v1", path, span=span, lineage={})

    with pytest.raises(RegistryError, match="is not a directory"):
        commit(tmp_path / "nothing")
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    with pytest.raises(RegistryError, match="holds no files"):
        commit(tmp_path / "empty")
    with pytest.raises(RegistryError, match="'modell' is not a kind; there are: schema"):
        commit(payload, kind="modell")
    with pytest.raises(ContractError, match="'soon' is not a span"):
        commit(payload, span="soon")
    (payload / "manifest.json").write_text("{}")
    with pytest.raises(RegistryError, match=r"holds a manifest\.json"):
        commit(payload)
    assert registry.versions("model") == []


@pytest.mark.parametrize("damage", ["truncate", "change", "remove"])
def test_a_damaged_payload_is_never_given_out(registry, payload, tmp_path, damage):
    entry = registry.commit("model", "v1", payload, span="2013-01", lineage={})
    (file,) = (tmp_path / "registry").rglob("data")
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(b"\x00" * 4999 + (b"\x01" if damage == "change" else b""))
    with pytest.raises(RegistryError, match=r"model 'v1' .* is damaged: .*variables/data"):
        registry.fetch(entry, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": 9}',
        '{"format": 1, "current": null, "entries": [{}]}',
        '{"format": 1, "current": "gone", "entries": []}',
        '{"format": 1, "current": null, "entries": [{"version": "v", "files": [], "more": 1}]}',
    ],
)
def test_a_damaged_index_is_an_error_and_stays(registry, uri, payload, tmp_path, text):
    registry.commit("model", "v1", payload, span="2013-01", lineage={})
    index = tmp_path / "registry" / "flights" / "models" / "index.json"
    index.write_text(text)
    for act in (
        lambda: registry.current("model"),
        lambda: registry.commit("model", "v2", payload, span="2013-01", lineage={}),
    ):
        with pytest.raises(RegistryError, match=r"flights/models/index\.json is ") as caught:
            act()
        assert "\n" not in str(caught.value)
    assert index.read_text() == text


# Writers that are killed


def die_before_step(number, root):
    """SIGKILL this process as it is about to touch the registry for the `number`th time.

    The interpreter itself reports every open, mkdir, rename, lock and listing (PEP 578).
    """
    steps = 0
    mine = {"open", "os.mkdir", "os.rename", "os.remove", "os.scandir", "fcntl.flock"}

    def hook(event, arguments):
        nonlocal steps
        if event in mine and (event == "fcntl.flock" or str(root) in str(arguments[0])):
            steps += 1
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


@pytest.mark.parametrize("before", [0, 1], ids=["first version", "second version"])
def test_a_writer_killed_at_any_step(tmp_path, payload, before):
    def write(root, number):
        files = {**FILES, "z": f"of {number}".encode()}
        Registry(str(root), "flights").commit(
            "statistics",
            f"v{number}",
            make_payload(tmp_path / f"payload-{number}", files),
            span=f"2013-0{number + 1}",
            lineage={},
        )

    def build(root, upto):
        for number in range(upto):
            write(root, number)
        return state(str(root)) if upto else {}

    old = build(tmp_path / "old", before)
    new = build(tmp_path / "new", before + 1)
    step, committed_when_killed = 0, 0
    while True:
        step += 1
        root = tmp_path / f"registry-{step}"
        build(root, before)

        def work(step=step, root=root):
            die_before_step(step, root)
            write(root, before)

        if not (killed := fork(work)):
            break
        assert killed == signal.SIGKILL
        index = "flights/statistics/index.json"
        seen = state(str(root))
        # The commit is the index: whatever else lies there, readers see before or after.
        assert seen.get(index) in (old.get(index), new[index])
        committed_when_killed += seen.get(index) == new[index]
        registry = Registry(str(root), "flights")
        if current := registry.current("statistics"):
            registry.fetch(current, tmp_path / "copy")
        write(root, before)
        assert state(str(root)) == new
    assert step > 20
    assert 0 < committed_when_killed < step / 2
    assert state(str(root)) == new


def test_a_writer_killed_in_the_middle_of_a_file(tmp_path, payload):
    def write(root):
        Registry(str(root), "flights").commit("model", "v1", payload, span="2013-01", lineage={})

    write(tmp_path / "undisturbed")
    new = state(str(tmp_path / "undisturbed"))
    sizes = {i.size for i in open_store(str(tmp_path / "undisturbed")).list()}
    for limit in sorted({size - 1 for size in sizes} - {max(sizes)}):
        root = tmp_path / f"registry-{limit}"

        def work(limit=limit, root=root):
            # The kernel lets a file grow to the limit and then ends the process.
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            write(root)

        assert fork(work) == signal.SIGXFSZ
        assert Registry(str(root), "flights").current("model") is None
        write(root)
        assert state(str(root)) == new


# Writers that race


def race(work, writers):
    """Run `work(number)` in as many processes at the same moment; returns what each gave."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(writers), context.Queue()

    def run(number):
        barrier.wait()
        results.put((number, work(number)))

    racers = [context.Process(target=run, args=(n,)) for n in range(writers)]
    for racer in racers:
        racer.start()
    found = dict(results.get(timeout=600) for _ in racers)
    for racer in racers:
        racer.join()
    return found


def test_racing_writers_lose_no_version(uri, payload):
    def work(number):
        registry = Registry(uri, "flights")
        for turn in range(8):
            registry.commit("model", f"v{number}-{turn}", payload, span="2013", lineage={})

    race(work, 4)
    versions = [e.version for e in Registry(uri, "flights").versions("model")]
    assert len(versions) == len(set(versions)) == 32
    for number in range(4):
        mine = [v for v in versions if v.startswith(f"v{number}-")]
        assert mine == [f"v{number}-{turn}" for turn in range(8)]
    assert Registry(uri, "flights").current("model").version == versions[-1]


@pytest.mark.parametrize("kind", ["model", "schema"])
def test_of_racing_writers_of_one_version_one_wins_whole(uri, tmp_path, kind):
    payloads = [
        make_payload(tmp_path / f"p{n}", {"a": f"a{n}".encode(), "b": f"b{n}".encode()})
        for n in range(3)
    ]

    def work(number):
        registry = Registry(uri, "flights")
        digests = []
        for turn in range(10):
            try:
                entry = registry.commit(
                    kind, f"v{turn}", payloads[number], span="2013", lineage={"by": str(number)}
                )
                digests.append((entry.digest, entry.lineage["by"]))
            except RegistryError as error:
                assert "with other content" in str(error)
                digests.append(None)
        return digests

    found = race(work, 3)
    registry = Registry(uri, "flights")
    for turn in range(10):
        entry = registry.get(kind, f"v{turn}")
        winner = int(entry.lineage["by"])
        assert content(registry.fetch(entry, tmp_path / "copy")) == content(payloads[winner])
        for number in range(3):
            told = found[number][turn]
            kept = (entry.digest, str(winner))
            assert told == (kept if kind == "model" or number == winner else None)


def test_threads_may_share_a_registry(registry, payload):
    def work(number):
        registry.commit("model", f"v{number}", payload, span="2013", lineage={})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.versions("model")) == 6


def test_a_registry_that_cannot_be_written_is_told_before_anything_is_done(tmp_path):
    Registry((tmp_path / "new").as_uri(), "d").require_writable()
    Registry((tmp_path / "new").as_uri(), "d").require_writable()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        RegistryError, match=r"the registry file://.*/file is not writable: .*not a"
    ):
        Registry((tmp_path / "file").as_uri(), "d").require_writable()
