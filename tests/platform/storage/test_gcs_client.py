"""The client of Google Cloud Storage: credentials, and where it is not installed."""

import os
import re
import subprocess
import sys

import pytest

from tidegate.core.errors import StorageError
from tidegate.platform.storage import gcs_client, open_store


def test_no_credentials(monkeypatch, tmp_path):
    for variable in [v for v in os.environ if v.startswith(("GOOGLE_", "STORAGE_", "CLOUDSDK"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    gcs_client._made.cache_clear()
    with pytest.raises(StorageError, match=r"no credentials .*workload identity"):
        open_store("gs://bucket")
    monkeypatch.setenv("TIDEGATE_GCS_ANONYMOUS", "1")
    assert open_store("gs://bucket").uri == "gs://bucket"
    monkeypatch.delenv("TIDEGATE_GCS_ANONYMOUS")
    key = tmp_path / "key.json"
    key.write_text('{"type": "service_account", "private_key": "hunter2"}')
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    with pytest.raises(StorageError, match="no credentials") as caught:
        open_store("gs://bucket")
    assert "hunter2" not in str(caught.value)


def test_without_the_client():
    code = (
        "import sys; sys.modules['google.cloud.storage'] = None\n"
        "from tidegate.platform.storage import open_store\n"
        "open_store('/tmp')\n"
        "open_store('gs://bucket')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert re.search(r"StorageError: gs:// needs google-cloud-storage.*install", ended.stderr)
