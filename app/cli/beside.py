"""What a command that is run beside `ulak up` must know of it: where its database is, its keys and its ports."""

import json
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.cli.embedded_postgres import running_url
from app.core.settings import Settings, load_settings

SECRET_KEY_FILE = "secret.key"  # noqa: S105 - a name, no secret
POSTGRES = "postgres"
_KEPT = ("host", "api_port", "sandbox_port", "worker_port", "public_url", "former_public_urls", "graph_sandbox_url")


def remember(settings: Settings) -> None:
    """With what everything was started; nothing secret."""
    told = settings.model_dump(mode="json", include=set(_KEPT))
    _file(settings.data_dir).write_text(json.dumps(told), encoding="utf-8")


def settings_here() -> Settings:
    """Those of the environment; without a database in it, those of what `ulak up` runs just now in the data directory.

    Raises SettingsError."""
    settings = load_settings()
    url = running_url(settings.data_dir / POSTGRES) if settings.database_url is None else None
    if url is None:
        return settings
    keys = settings.secret_keys or _keys(settings.data_dir)
    told = settings.model_dump() | _told(settings.data_dir) | {"database_url": url, "secret_keys": keys}
    return Settings.model_validate(told)


def _file(data_dir: Path) -> Path:
    return data_dir / "running.json"


def _told(data_dir: Path) -> dict[str, Any]:
    try:
        told = json.loads(_file(data_dir).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: told[name] for name in _KEPT if name in told} if isinstance(told, dict) else {}


def _keys(data_dir: Path) -> list[SecretStr]:
    try:
        return [SecretStr((data_dir / SECRET_KEY_FILE).read_text(encoding="ascii").strip())]
    except (OSError, ValueError):
        return []
