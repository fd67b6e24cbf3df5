"""What `ulak up` hands to its children."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.cli.demo import former_addresses
from app.cli.up import child_environment, secret_key
from app.core.settings import load_settings


def test_the_secret_key_is_made_once_for_us_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    first = secret_key(path)
    Fernet(first)
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret_key(path) == first
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]


def test_children_get_what_was_decided_here_and_nothing_that_contradicts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Fernet.generate_key().decode()
    (tmp_path / "keys").write_text(key)
    monkeypatch.setenv("ULAK_SECRET_KEYS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("ULAK_LOG_LEVEL", "debug")
    monkeypatch.setenv("PGPORT", "6543")
    environment = child_environment(load_settings(database_url="postgresql:///ulak", data_dir=tmp_path))
    assert environment["ULAK_SECRET_KEYS"] == key
    assert environment["ULAK_DATABASE_URL"] == "postgresql:///ulak"
    assert environment["ULAK_LOG_LEVEL"] == "debug"
    assert not {"ULAK_SECRET_KEYS_FILE", "PGPORT"} & environment.keys()


def test_addresses_of_earlier_starts_are_remembered(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    assert former_addresses(data_dir, "http://127.0.0.1:8000") == []
    assert former_addresses(data_dir, "http://127.0.0.1:8000") == []
    assert former_addresses(data_dir, "http://127.0.0.1:8100") == ["http://127.0.0.1:8000"]
    assert former_addresses(data_dir, "http://127.0.0.1:8000") == ["http://127.0.0.1:8100"]
    (data_dir / "addresses.json").write_text("{")
    assert former_addresses(data_dir, "http://127.0.0.1:8000") == []


def test_children_lead_customers_where_we_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ULAK_API_PORT", "8100")
    key = Fernet.generate_key().decode()
    settings = load_settings(
        database_url="postgresql:///ulak",
        secret_keys=key,
        data_dir=tmp_path,
        former_public_urls="http://127.0.0.1:8000,http://127.0.0.1:9000",
    )
    environment = child_environment(settings)
    assert environment["ULAK_PUBLIC_URL"] == "http://127.0.0.1:8100"
    assert environment["ULAK_FORMER_PUBLIC_URLS"] == "http://127.0.0.1:8000,http://127.0.0.1:9000"
