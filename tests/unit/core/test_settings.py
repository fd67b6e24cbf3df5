"""Configuration: read once, and everything wrong with it said at once."""

import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.core.settings import SettingsError, load_settings

KEY = Fernet.generate_key().decode()
OLD_KEY = Fernet.generate_key().decode()
URL = "postgresql://ulak:word@db:5432/ulak"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("ULAK_")]:
        monkeypatch.delenv(name)
    return monkeypatch


def _faults() -> list[str]:
    with pytest.raises(SettingsError) as error:
        load_settings()
    return sorted(str(error.value).splitlines())


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings()
    assert settings.database_url is None
    assert settings.api_port == 8000


def test_variables_are_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ULAK_DATABASE_URL", URL)
    environment.setenv("ULAK_SECRET_KEYS", f"{KEY} , {OLD_KEY},")
    environment.setenv("ULAK_API_PORT", "9000")
    environment.setenv("ULAK_GRAPH_LIVE_URL", "https://graph.test/")
    environment.setenv("ULAK_SOMETHING_OF_A_LATER_VERSION", "1")
    settings = load_settings()
    assert settings.require_database_url() == URL
    assert settings.require_secret_keys() == [KEY, OLD_KEY]
    assert settings.api_port == 9000
    assert settings.graph_live_url == "https://graph.test"


def test_an_override_beats_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ULAK_API_PORT", "9000")
    assert load_settings(api_port=9001).api_port == 9001


def test_all_faults_are_told_at_once(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("ULAK_API_PORT", "70000")
    environment.setenv("ULAK_WORKER_CONCURRENCY", "many")
    environment.setenv("ULAK_GRAPH_VERSION", "25")
    environment.setenv("ULAK_GRAPH_LIVE_URL", "graph.facebook.com")
    environment.setenv("ULAK_LOG_FORMAT", "xml")
    environment.setenv("ULAK_SECRET_KEYS", "short")
    environment.setenv("ULAK_DATABASE_URL_FILE", str(tmp_path / "missing"))
    environment.setenv("ULAK_HOST", "0.0.0.0")
    environment.setenv("ULAK_HOST_FILE", str(tmp_path / "host"))
    named = [line.split(":")[0] for line in _faults()]
    assert named == [
        "ULAK_API_PORT",
        "ULAK_DATABASE_URL_FILE",
        "ULAK_GRAPH_LIVE_URL",
        "ULAK_GRAPH_VERSION",
        "ULAK_HOST and ULAK_HOST_FILE are both set",
        "ULAK_LOG_FORMAT",
        "ULAK_SECRET_KEYS",
        "ULAK_WORKER_CONCURRENCY",
    ]


@pytest.mark.parametrize(
    "keys", ["short", KEY[:-1], KEY + "," + "x" * 44, "ı" * 44], ids=["short", "cut", "second", "letters"]
)
def test_a_bad_key_is_refused_and_not_printed(environment: pytest.MonkeyPatch, keys: str) -> None:
    environment.setenv("ULAK_SECRET_KEYS", keys)
    (fault,) = _faults()
    assert fault.startswith("ULAK_SECRET_KEYS: ")
    assert not any(key in fault for key in keys.split(","))


def test_a_key_is_not_shown_by_the_settings(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ULAK_SECRET_KEYS", KEY)
    assert KEY not in repr(load_settings())
    assert KEY not in load_settings().model_dump_json()


def test_a_value_may_come_from_a_file_without_its_line_end(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{KEY},{OLD_KEY}\n")
    (tmp_path / "url").write_text(f"{URL}\r\n")
    environment.setenv("ULAK_SECRET_KEYS_FILE", str(tmp_path / "keys"))
    environment.setenv("ULAK_DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = load_settings()
    assert settings.require_secret_keys() == [KEY, OLD_KEY]
    assert settings.database_url == URL


def test_a_fault_in_a_file_names_the_variable(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("http")
    environment.setenv("ULAK_API_PORT_FILE", str(tmp_path / "port"))
    (fault,) = _faults()
    assert fault.startswith("ULAK_API_PORT: ")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "not a text"])
def test_a_file_that_cannot_be_read_is_a_fault(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "url"
    if content is not None:
        path.write_bytes(content)
    environment.setenv("ULAK_DATABASE_URL_FILE", str(path))
    (fault,) = _faults()
    assert fault.startswith("ULAK_DATABASE_URL_FILE: ")
    assert str(path) in fault


def test_a_directory_in_place_of_a_file_is_a_fault(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("ULAK_DATABASE_URL_FILE", str(tmp_path))
    assert "Is a directory" in _faults()[0]


def test_a_variable_and_its_file_are_not_both_taken(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(URL)
    environment.setenv("ULAK_DATABASE_URL", URL)
    environment.setenv("ULAK_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert _faults() == ["ULAK_DATABASE_URL and ULAK_DATABASE_URL_FILE are both set: keep one"]


def test_a_lease_must_outlast_a_call(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ULAK_LEASE", "PT25S")
    assert "ULAK_LEASE" in _faults()[0]
    environment.setenv("ULAK_LEASE", "PT26S")
    assert load_settings().lease.total_seconds() == 26


def test_what_is_needed_and_missing_is_named() -> None:
    settings = load_settings()
    with pytest.raises(SettingsError, match="ULAK_DATABASE_URL"):
        settings.require_database_url()
    with pytest.raises(SettingsError, match="ULAK_SECRET_KEYS"):
        settings.require_secret_keys()


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("127.0.0.1", "8000", "http://127.0.0.1:8000"),
        ("0.0.0.0", "8100", "http://127.0.0.1:8100"),
        ("::1", "8000", "http://[::1]:8000"),
        ("10.0.0.7", "8000", "http://10.0.0.7:8000"),
    ],
)
def test_customers_are_led_to_this_machine_unless_a_public_url_is_set(
    environment: pytest.MonkeyPatch, host: str, port: str, expected: str
) -> None:
    environment.setenv("ULAK_HOST", host)
    environment.setenv("ULAK_API_PORT", port)
    assert load_settings().customer_url == expected
    environment.setenv("ULAK_PUBLIC_URL", "https://msg.example.com/")
    assert load_settings().customer_url == "https://msg.example.com"


def test_former_public_urls_come_after_todays(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ULAK_PUBLIC_URL", "https://msg.example.com")
    environment.setenv("ULAK_FORMER_PUBLIC_URLS", "https://old.example.com/ , http://older.example.com")
    assert load_settings().customer_urls == (
        "https://msg.example.com",
        "https://old.example.com",
        "http://older.example.com",
    )


@pytest.mark.parametrize(
    "url", ["msg.example.com", "ftp://msg.example.com", "https://", "https://a b", "https://a?q=1", "https://a/{{1}}"]
)
@pytest.mark.parametrize("name", ["ULAK_PUBLIC_URL", "ULAK_FORMER_PUBLIC_URLS"])
def test_a_public_url_is_a_url_that_more_can_be_written_after(
    environment: pytest.MonkeyPatch, name: str, url: str
) -> None:
    environment.setenv(name, url)
    (fault,) = _faults()
    assert fault.startswith(f"{name}:")
