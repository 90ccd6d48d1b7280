"""The client of S3: secrets, configuration, and who it is."""

import http.server
import json
import logging
import os
import threading
import traceback

import pytest
from minio.credentials import AssumeRoleProvider, Credentials

from tidegate.core.errors import StorageError
from tidegate.platform.storage import open_store
from tidegate.platform.storage.s3_client import client, endpoint


# Secrets
def test_a_wrong_secret_is_told_and_not_shown(s3_service, s3, monkeypatch, caplog, capsys):
    uri = s3()
    open_store(uri).create("a", b"1")
    secret, token = "hunter2-hunter2-hunter2", "a-session-token-of-mine"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    caplog.set_level(logging.DEBUG)
    told = ""
    store = open_store(uri)
    for act in (lambda: store.read("a"), store.list, lambda: store.create("b", b"")):
        try:
            act()
        except StorageError as error:
            assert "check the credentials" in str(error)
            assert "\n" not in str(error)
            told += "".join(traceback.format_exception(error))
    assert bool(told) == s3_service.real
    out, err = capsys.readouterr()
    for secret_ in (secret, token, "Credential=", "Signature="):
        assert secret_ not in told + caplog.text + out + err + repr(store) + str(vars(store))


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no credentials for http://"),
        ({"S3_ENDPOINT": "ftp://host"}, "S3_ENDPOINT is 'ftp://host'; give scheme and host"),
        ({"S3_ENDPOINT": "https://host/path"}, "give scheme and host"),
        ({"S3_ENDPOINT": "https://me:secret-word@host"}, "S3_ENDPOINT holds credentials"),
        ({"S3_ADDRESSING_STYLE": "both"}, "give path, virtual or auto"),
        ({"TIDEGATE_S3_ANONYMOUS": "perhaps"}, "give 1 or 0"),
        ({"AWS_CA_BUNDLE": "/nowhere.pem"}, "'/nowhere.pem', which is no file"),
        ({"AWS_REGION": "not a region!"}, "invalid region"),
    ],
)
def test_a_wrong_configuration_is_told(s3, monkeypatch, environment, message):
    uri = s3()
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(StorageError, match=message) as caught:
        open_store(uri).list()
    assert "secret-word" not in str(caught.value)


def test_a_bucket_that_is_not_there(s3):
    s3()
    with pytest.raises(StorageError, match=r"'no-such-bucket' does not exist .*; create it"):
        open_store("s3://no-such-bucket/x").list()
    for uri in ("s3://", "s3:///x", "s3://UPPER/x"):
        with pytest.raises(StorageError, match="not a bucket's name"):
            open_store(uri)


# Where it finds the service and who it is


def test_the_endpoint(s3, monkeypatch):
    s3()
    monkeypatch.delenv("S3_ENDPOINT")
    assert endpoint() == "https://s3.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://a:9000/")
    assert endpoint() == "http://a:9000"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://b")
    assert endpoint() == "https://b"
    monkeypatch.setenv("S3_ENDPOINT", "c:9000")
    assert endpoint() == "https://c:9000"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"S3_ENDPOINT": "http://h:9000"}, "http://h:9000/bkt/key"),
        ({"S3_ENDPOINT": "http://h", "S3_ADDRESSING_STYLE": "virtual"}, "http://bkt.h/key"),
        (
            {"S3_ENDPOINT": "", "AWS_REGION": "eu-west-1"},
            "https://bkt.s3.eu-west-1.amazonaws.com/key",
        ),
        (
            {"S3_ENDPOINT": "", "AWS_REGION": "eu-west-1", "S3_ADDRESSING_STYLE": "path"},
            "https://s3.eu-west-1.amazonaws.com/bkt/key",
        ),
    ],
)
def test_path_and_virtual_host_style(s3, monkeypatch, environment, url):
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    if not environment["S3_ENDPOINT"]:
        monkeypatch.delenv("S3_ENDPOINT")
    made = client().get_presigned_url("GET", "bkt", "key")
    assert made.partition("?")[0] == url


def test_a_credentials_file(s3, monkeypatch, tmp_path):
    uri = s3()
    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = no\naws_secret_access_key = wrong-wrong\n"
        f"[mine]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    )
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    store = open_store(uri)
    token = store.create("a", b"1")
    assert store.read("a") == (b"1", token)


def test_anonymous(s3_service, s3, monkeypatch):
    uri = s3()
    bucket = uri.removeprefix("s3://")
    open_store(uri).create("a", b"1")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
    }
    client().set_bucket_policy(
        bucket, json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    monkeypatch.setenv("TIDEGATE_S3_ANONYMOUS", "1")
    store = open_store(uri)
    assert store.read("a")[0] == b"1"
    if s3_service.real:
        with pytest.raises(StorageError, match="refuses"):
            store.create("b", b"2")


def temporary_credentials(service):
    """Credentials for an hour, with a session token; moto takes any."""
    if not service.real:
        return Credentials("some-key", "some-secret", "some-token")
    return AssumeRoleProvider(
        sts_endpoint=service.endpoint,
        access_key=service.access_key,
        secret_key=service.secret_key,
        duration_seconds=3600,
    ).retrieve()


def test_a_session_token(s3_service, s3, monkeypatch):
    uri = s3()
    found = temporary_credentials(s3_service)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", found.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", found.secret_key)
    if s3_service.real:
        with pytest.raises(StorageError, match="refuses"):
            open_store(uri).list()
    monkeypatch.setenv("AWS_SESSION_TOKEN", found.session_token)
    assert open_store(uri).create("a", b"1") == open_store(uri).read("a")[1]


def test_a_mounted_web_identity_token(s3_service, s3, monkeypatch, tmp_path):
    uri = s3()
    found = temporary_credentials(s3_service)
    answer = (
        '<R xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        "<AssumeRoleWithWebIdentityResult><Credentials>"
        f"<AccessKeyId>{found.access_key}</AccessKeyId>"
        f"<SecretAccessKey>{found.secret_key}</SecretAccessKey>"
        f"<SessionToken>{found.session_token}</SessionToken>"
        "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
        "</AssumeRoleWithWebIdentityResult></R>"
    ).encode()
    asked = []

    class TokenService(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    (tmp_path / "token").write_text("of-this-pod")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/tidegate")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), TokenService) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        store = open_store(uri)
        store.create("a", b"1")
        assert store.read("a")[0] == b"1"
        server.shutdown()
    assert len(asked) == 1
    assert "WebIdentityToken=of-this-pod" in asked[0]
