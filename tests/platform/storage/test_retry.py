import time

import pytest

from tidegate.core.errors import StorageError
from tidegate.platform.storage.retry import DEADLINE_VARIABLE, at_most, deadline, retried


class Flaky:
    def __init__(self, failures, error=ConnectionError):
        self.calls, self.failures, self.error = 0, failures, error

    def __call__(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error(f"try {self.calls}")
        return self.calls


def passes(error):
    return isinstance(error, ConnectionError)


def test_tries_again_until_it_works():
    assert retried(Flaky(3), transient=passes) == 4


def test_an_error_that_stays_is_raised_at_once():
    call = Flaky(3, ValueError)
    with pytest.raises(ValueError, match="try 1"):
        retried(call, transient=passes)
    assert call.calls == 1


def test_gives_up_at_the_deadline_with_the_last_error():
    call = Flaky(1_000_000)
    began = time.monotonic()
    with pytest.raises(ConnectionError) as caught:
        retried(call, transient=passes, within=0.5)
    # Far below the minute it would be by default; a machine under load may pause for seconds.
    assert time.monotonic() - began < 30
    assert str(caught.value) == f"try {call.calls}"
    # Pauses double, so few tries fit.
    assert 2 <= call.calls < 40


def test_a_deadline_of_nothing_is_one_try(monkeypatch):
    monkeypatch.setenv(DEADLINE_VARIABLE, "0")
    call = Flaky(1)
    with pytest.raises(ConnectionError):
        retried(call, transient=passes)
    assert call.calls == 1


def test_the_environment_sets_the_deadline(monkeypatch):
    monkeypatch.delenv(DEADLINE_VARIABLE, raising=False)
    assert deadline() == 60
    monkeypatch.setenv(DEADLINE_VARIABLE, "2.5")
    assert deadline() == 2.5
    for wrong in ("soon", "-1", "nan", "inf"):
        monkeypatch.setenv(DEADLINE_VARIABLE, wrong)
        with pytest.raises(StorageError, match=f"{DEADLINE_VARIABLE} is '{wrong}'"):
            deadline()


def test_a_block_shortens_the_deadline_and_never_lengthens_it(monkeypatch):
    with at_most(5):
        assert deadline() == 5
        monkeypatch.setenv(DEADLINE_VARIABLE, "2")
        assert deadline() == 2
    monkeypatch.delenv(DEADLINE_VARIABLE)
    assert deadline() == 60
