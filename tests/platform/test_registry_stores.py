"""The registry's promises on every store: a new store is added to STORES and inherits them."""

import json
import multiprocessing
import os
import signal
import sys

import pytest

from tests.support.forking import fork
from tests.support.stores import CONDITIONAL as STORES
from tidegate.core.errors import PreconditionError, RegistryError
from tidegate.platform.registry import Registry
from tidegate.platform.storage import open_store

ROUNDS = 1000 if os.environ.get("TIDEGATE_SLOW") == "1" else 50
#: Rounds that share an index, so that its size does not become what is measured.
SHARED = 25


@pytest.fixture(params=STORES)
def root(request, tmp_path):
    if request.param == "local":
        return (tmp_path / "store").as_uri()
    return request.getfixturevalue(request.param)()


@pytest.fixture
def registry(root):
    return Registry(f"{root}/registry", "flights")


@pytest.fixture
def make(tmp_path):
    def payload(name, **files):
        for file, text in files.items():
            path = tmp_path / "payloads" / name / "deep" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "payloads" / name

    return payload


def commit(registry, payload, *, kind="statistics", version="v1", span="2013-01", **more):
    return registry.commit(kind, version, payload, span=span, lineage={"from": "here"}, **more)


def objects(uri):
    """Every object, without the times of commits."""
    store = open_store(uri)
    found = {i.name: store.read(i.name)[0] for i in store.list()}
    for name in found:
        if name.endswith("index.json"):
            found[name] = json.loads(found[name])
            for entry in found[name]["entries"]:
                assert entry.pop("created_at")
    return found


def test_what_is_committed_comes_back(root, registry, make, tmp_path):
    assert registry.current("model") is None
    payload = make("a", x="1", y="2" * 100_000)
    entry = commit(registry, payload, kind="model")
    again = Registry(f"{root}/registry", "flights")
    assert again.current("model") == again.get("model", "v1") == entry
    again.fetch(entry, tmp_path / "copy")
    for file in ("x", "y"):
        assert (tmp_path / "copy/deep" / file).read_bytes() == (
            payload / "deep" / file
        ).read_bytes()
    assert Registry(f"{root}/registry", "other").versions("model") == []


def test_committing_again_changes_nothing(root, registry, make):
    first = commit(registry, make("a", x="1"))
    commit(registry, make("b", x="2"), version="v2", span="2013-02")
    before = objects(root)
    for promote in (True, False):
        assert commit(registry, make("a", x="1"), promote=promote) == first
    assert objects(root) == before
    assert registry.current("statistics").version == "v2"
    assert registry.statistics_before("2013-02") == first


def test_a_version_never_changes(root, registry, make):
    commit(registry, make("a", x="1"))
    model = commit(registry, make("a", x="1"), kind="model")
    before = objects(root)
    with pytest.raises(RegistryError, match="with other content"):
        commit(registry, make("b", x="2"))
    assert commit(registry, make("b", x="2"), kind="model") == model
    assert objects(root) == before


def test_runs_are_recorded(registry):
    registry.record("run-1", "validate", {"verdict": "hold"})
    registry.record("run-1", "validate", {"verdict": "pass", "n": 3})
    registry.record("run-2", "validate", {})
    assert registry.run("run-1") == {"validate": {"verdict": "pass", "n": 3}}


# Writers that race


def race(work, writers):
    """Run `work(number, barrier)` in as many processes; returns what each gave."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(writers), context.Queue()

    def run(number):
        try:
            results.put((number, work(number, barrier)))
        except BaseException as error:
            results.put((number, error))
            barrier.abort()

    racers = [context.Process(target=run, args=(n,)) for n in range(writers)]
    for racer in racers:
        racer.start()
    found = dict(results.get(timeout=1200) for _ in racers)
    for racer in racers:
        racer.join()
    for result in found.values():
        if isinstance(result, Exception):
            raise result
    return found


def test_of_two_racing_creators_one_wins(root):
    def work(number, barrier):
        store = open_store(root)
        won = []
        for turn in range(ROUNDS):
            barrier.wait()
            try:
                store.create(f"r/{turn}", str(number).encode())
                won.append(turn)
            except PreconditionError:
                continue
        return won

    won = race(work, 2)
    assert sorted(won[0] + won[1]) == list(range(ROUNDS))
    store = open_store(root)
    for number, turns in won.items():
        for turn in turns:
            assert store.read(f"r/{turn}")[0] == str(number).encode()


def test_of_two_racing_publishers_one_wins_whole(root, make, tmp_path):
    payloads = [make(f"p{n}", a=f"a{n}", b=f"b{n}") for n in range(2)]

    def work(number, barrier):
        told = []
        for turn in range(ROUNDS):
            registry = Registry(f"{root}/registry", f"d{turn // SHARED}")
            barrier.wait()
            try:
                told.append(commit(registry, payloads[number], version=f"v{turn}").digest)
            except RegistryError as error:
                assert "with other content" in str(error)
                told.append(None)
        return told

    told = race(work, 2)
    for turn in range(ROUNDS):
        registry = Registry(f"{root}/registry", f"d{turn // SHARED}")
        entry = registry.get("statistics", f"v{turn}")
        digests = [told[0][turn], told[1][turn]]
        assert digests.count(None) == 1
        winner = digests.index(entry.digest)
        if turn % 10 == 0:
            registry.fetch(entry, tmp_path / "copy")
            assert (tmp_path / "copy/deep/a").read_text() == f"a{winner}"
            assert (tmp_path / "copy/deep/b").read_text() == f"b{winner}"


def test_racing_publishers_lose_no_version(root, make):
    payload = make("a", x="1")

    def work(number, barrier):
        registry = Registry(f"{root}/registry", "flights")
        barrier.wait()
        for turn in range(10):
            commit(registry, payload, version=f"v{number}-{turn}")
        return True

    race(work, 3)
    versions = [e.version for e in Registry(f"{root}/registry", "flights").versions("statistics")]
    assert sorted(versions) == [f"v{n}-{t}" for n in range(3) for t in range(10)]


# Writers that are killed


class Dying:
    """A store whose process ends by SIGKILL when its `number`th call has returned."""

    def __init__(self, store, number):
        self._store, self._left = store, number

    def __getattr__(self, name):
        attribute = getattr(self._store, name)
        if not callable(attribute):
            return attribute

        def call(*args, **kwargs):
            try:
                return attribute(*args, **kwargs)
            finally:
                self._left -= 1
                if not self._left:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call


def kill_everywhere(root, make, tmp_path, arm):
    """Publish the second version again and again, killed one step later each time.

    `arm(registry, step)` is called in the publisher before it publishes.
    """
    old, new = make("old", a="1", b="1"), make("new", a="2", b="2")

    def build(uri, upto):
        registry = Registry(uri, "flights")
        for number, payload in enumerate((old, new)[:upto], start=1):
            commit(registry, payload, version=f"v{number}", span=f"2013-0{number}")

    build(f"{root}/expected", 2)
    expected = objects(f"{root}/expected")
    states = []
    step = 0
    while True:
        step += 1
        uri = f"{root}/{step}"
        build(uri, 1)

        def publish(uri=uri, step=step):
            registry = Registry(uri, "flights")
            arm(registry, step)
            commit(registry, new, version="v2", span="2013-02")

        if not (killed := fork(publish)):
            break
        assert killed == signal.SIGKILL
        registry = Registry(uri, "flights")
        current = registry.current("statistics")
        states.append(current.version)
        registry.fetch(registry.get("statistics", "v1"), tmp_path / "copy")
        registry.fetch(current, tmp_path / "copy")
        build(uri, 2)
        assert objects(uri) == expected
        assert [e.version for e in Registry(uri, "flights").versions("statistics")] == ["v1", "v2"]
    # The old version until the commit, the new one from then on.
    assert states == sorted(states)
    assert states[0] == "v1"
    return states


def test_a_publisher_killed_after_any_storage_call(root, make, tmp_path):
    def arm(registry, step):
        registry._store = Dying(registry._store, step)

    states = kill_everywhere(root, make, tmp_path, arm)
    # It reads the index, uploads two files and a manifest, and commits.
    assert states == ["v1"] * 4 + ["v2"]


def test_a_publisher_killed_before_any_message_to_s3(s3, make, tmp_path):
    def arm(_, step):
        left = step

        def hook(event, _):
            nonlocal left
            if event == "http.client.send":
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)

    states = kill_everywhere(s3(), make, tmp_path, arm)
    assert len(states) > 10
