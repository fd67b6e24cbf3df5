"""Commands beside `ulak up` find its database, its keys and its ports; without it they know only the environment."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.cli.beside import SECRET_KEY_FILE, remember, settings_here
from app.cli.embedded_postgres import EmbeddedPostgres
from app.core.settings import Settings


def test_what_runs_is_found_and_what_is_set_goes_before_it(
    postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ULAK_DATA_DIR", str(tmp_path))
    assert settings_here().database_url is None
    key = Fernet.generate_key().decode()
    (tmp_path / SECRET_KEY_FILE).write_text(key, encoding="ascii")
    (tmp_path / "postgres").symlink_to(postgres.data_dir)
    remember(Settings(data_dir=tmp_path, sandbox_port=18101, public_url="https://msg.example"))
    assert key not in (tmp_path / "running.json").read_text(encoding="utf-8")

    found = settings_here()
    assert (found.database_url, found.require_secret_keys()) == (postgres.url, [key])
    assert (found.sandbox_port, found.public_url, found.data_dir) == (18101, "https://msg.example", tmp_path)

    monkeypatch.setenv("ULAK_DATABASE_URL", "postgresql:///own")
    assert (settings_here().database_url, settings_here().sandbox_port) == ("postgresql:///own", 8001)
