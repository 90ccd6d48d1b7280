"""What is Google Cloud Storage's own: transfers, lost answers, mistakes."""

import os
import tracemalloc

import pytest

from tests.support.servers_gcs import enforces_conditions, gcs_server, meddling
from tidegate.core.errors import PreconditionError, StorageError
from tidegate.platform.storage import open_store

MB = 1 << 20


def needs_conditions(test):
    """Leave a test out where the server is the stand-in from PyPI, which ignores conditions."""
    return test if enforces_conditions() else None


@pytest.fixture
def big(tmp_path):
    """A file of 40 MiB that no two parts of which are alike."""
    path = tmp_path / "big"
    block = bytes(range(256)) * 1024
    with path.open("wb") as file:
        for number in range(160):
            file.write(number.to_bytes(4, "big") + block[4:])
    return path


@pytest.fixture
def through(gcs_service, gcs, monkeypatch):
    """A store whose requests pass a meddling proxy."""
    with meddling(gcs_service, lambda *a: meddle.act(*a)) as url:

        def meddle(act):
            uri = gcs()
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
            meddle.act = act
            return open_store(uri)

        meddle.act = lambda *asked: asked[-1]
        yield meddle


def is_media(path):
    return "alt=media" in path


# Transfers


def test_large_objects_pass_in_parts_and_little_memory(gcs, big, tmp_path):
    store = open_store(gcs() + "/deep/er")
    store.upload(big, "warm")
    tracemalloc.start()
    try:
        store.upload(big, "a")
        store.download("a", tmp_path / "copy")
        with store.open("a") as opened:
            while opened.read(MB):
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "copy").read_bytes() == big.read_bytes()
    assert peak < 36 * MB, f"{peak / MB:.0f} MiB"
    assert [(i.name, i.size) for i in store.list("a")] == [("a", 40 * MB)]


def test_ranges(gcs, big):
    store = open_store(gcs())
    store.upload(big, "a")
    content = big.read_bytes()
    with store.open("a") as opened:
        assert opened.seek(-5, os.SEEK_END) == len(content) - 5
        assert opened.read() == content[-5:]
        assert opened.read() == b""
        opened.seek(20 * MB - 3)
        assert opened.read(7) == content[20 * MB - 3 : 20 * MB + 4]
        opened.seek(100)
        assert opened.read() == content[100:]
        opened.seek(len(content) + 9)
        assert opened.read(1) == b""
        with pytest.raises(ValueError, match="seek"):
            opened.seek(-1)


def test_an_empty_object(gcs, tmp_path):
    store = open_store(gcs())
    (tmp_path / "empty").touch()
    store.upload(tmp_path / "empty", "a")
    with store.open("a") as opened:
        assert opened.read() == b""
    store.download("a", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""


def test_damage_under_way_is_noticed(through, tmp_path):
    def flip(_method, path, answer):
        if answer and is_media(path):
            status, headers, body = answer
            return status, headers, b"X" + body[1:]
        return answer

    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    store = through(flip)
    store.upload(file, "a")
    with pytest.raises(StorageError, match=r"cannot read gs://.*/a: it arrived damaged"):
        store.download("a", tmp_path / "copy")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    with store.open("a") as opened, pytest.raises(StorageError, match="arrived damaged"):
        opened.read()


def test_what_may_pass_is_tried_again(through, tmp_path):
    seen = {}

    def fail_first(method, path, answer):
        if answer is None:
            key = (method, path.split("?")[0])
            seen[key] = seen.get(key, 0) + 1
            return (503, [], b"busy") if seen[key] == 1 else None
        return answer

    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    store = through(fail_first)
    store.upload(file, "a")
    store.download("a", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"0123456789"
    assert [i.name for i in store.list()] == ["a"]
    with store.open("a") as opened:
        assert opened.read() == b"0123456789"
    assert store.read("a")[0] == b"0123456789"
    # The client asks for the bucket once, for its own telemetry, and does not mind the answer.
    assert all(times > 1 for (_, path), times in seen.items() if "/o" in path)


@needs_conditions
def test_a_lost_answer_is_not_a_lost_race(through):
    dropped = []

    def drop_first(method, _path, answer):
        if answer and method == "POST" and len(dropped) < 1:
            dropped.append(answer[0])
            return None
        return answer

    store = through(drop_first)
    token = store.create("a", b"mine")
    assert dropped == [200]
    assert store.read("a") == (b"mine", token)
    dropped.clear()
    token = store.replace("a", b"mine", version=token)
    assert store.read("a") == (b"mine", token)
    assert dropped == [200]
    with pytest.raises(PreconditionError):
        store.create("a", b"mine")
    assert store.read("a") == (b"mine", token)


@needs_conditions
def test_another_writer_with_the_same_content_wins_once(through):
    # The first try fails before it reaches the server, and meanwhile another writes the same.
    other = []

    def let_other_win(method, _path, answer):
        if answer is None and method == "POST" and not other:
            other.append(True)
            open_store(store.uri).create("a", b"same")
            return 503, [], b""
        return answer

    store = through(let_other_win)
    with pytest.raises(PreconditionError, match="exists already"):
        store.create("a", b"same")


@needs_conditions
def test_an_object_replaced_while_read(gcs, tmp_path):
    file = tmp_path / "file"
    store = open_store(gcs())
    file.write_bytes(b"x" * 20 * MB)
    store.upload(file, "a")
    with store.open("a") as opened:
        opened.read(1)
        file.write_bytes(b"y" * 20 * MB)
        store.upload(file, "a")
        # A server that does not look at the condition of a download is caught by the checksum.
        with pytest.raises(StorageError, match=r"was changed while|arrived damaged"):
            opened.read()


# Mistakes


def test_a_bucket_that_is_not_there(gcs, tmp_path):
    gcs()
    store = open_store("gs://no-such-bucket/x")
    (tmp_path / "file").touch()
    for act in (
        store.list,
        lambda: store.read("a"),
        lambda: store.open("a"),
        lambda: store.create("a", b""),
        lambda: store.upload(tmp_path / "file", "a"),
        lambda: store.download("a", tmp_path / "copy"),
    ):
        with pytest.raises(StorageError, match=r"bucket.* does not exist"):
            act()


def test_a_server_that_is_not_there(gcs, monkeypatch):
    uri = gcs()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("TIDEGATE_STORAGE_DEADLINE", "0.5")
    with pytest.raises(StorageError, match=r"not done after retries over 0.5 s: .*not be reached"):
        open_store(uri).list()


def test_folders_that_consoles_make_are_no_objects(gcs):
    store = open_store(gcs())
    store._bucket.blob("folder/").upload_from_string(b"")
    assert store.list() == []


@pytest.mark.parametrize(
    "uri", ["gs://", "gs:///x", "gs://u:hunter2@bucket/x", "gs://bucket/x?sig=hunter2", "gs://B"]
)
def test_a_uri_holds_no_credentials(uri):
    with pytest.raises(StorageError, match="gs://bucket/folder") as caught:
        open_store(uri)
    assert "hunter2" not in str(caught.value)


def test_the_server_that_ci_requires(monkeypatch):
    monkeypatch.setenv("TIDEGATE_REQUIRE_SERVERS", "1")
    monkeypatch.setenv("TIDEGATE_FAKE_GCS", "/nowhere/fake-gcs-server")
    with pytest.raises(RuntimeError, match="TIDEGATE_FAKE_GCS"), gcs_server():
        pass
