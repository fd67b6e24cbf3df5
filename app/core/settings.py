"""Configuration: environment variables with the prefix ULAK_, each also as a file named by its `_FILE` variant."""

import os
import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from limits import parse_many
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "ULAK_"


class SettingsError(Exception):
    """The configuration cannot be used; the message lists everything that is wrong with it at once."""


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def public_base(url: str) -> str:
    """A URL that more can be written after. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s{}?#]", url):
        raise ValueError("must be a URL such as https://msg.example.com, without a query")
    return url.rstrip("/")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: str | None = None
    """libpq-style URL (`postgresql://user:password@host:5432/ulak`). Without it `ulak up` starts its own server."""
    database_pool_size: int = Field(default=8, ge=1, le=200)
    """Connections per process for the hot path; as many again, at most, for everything else."""
    data_dir: Path = Path(".ulak")
    """Where `ulak up` keeps its database, secrets and logs."""

    host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=1, le=65535)
    sandbox_port: int = Field(default=8001, ge=1, le=65535)
    worker_port: int = Field(default=8002, ge=1, le=65535)
    """Health and metrics of the worker."""

    public_url: str | None = None
    """Where customers reach us, for the links in their messages; `customer_url` says what it is where it is not set."""
    former_public_urls: Annotated[list[str], NoDecode, BeforeValidator(_split)] = Field(default_factory=list)
    """Earlier ones, comma separated, that still lead here and stand in templates which Meta has approved."""

    secret_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)] = Field(default_factory=list)
    """Fernet keys, comma separated, newest first: the first encrypts, all decrypt (so keys can be rotated)."""

    graph_version: str = Field(default="v25.0", pattern=r"^v\d+\.\d+$")
    graph_live_url: str = "https://graph.facebook.com"
    graph_sandbox_url: str = "http://127.0.0.1:8001"
    """Where the senders of test keys send: Meta is never called with a test key."""
    graph_connect_timeout: timedelta = timedelta(seconds=5)
    graph_read_timeout: timedelta = timedelta(seconds=20)
    graph_transport: Literal["direct", "httpx"] = "direct"
    graph_connections: int = Field(default=512, ge=1)

    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split)] = ()
    """Our own proxies, comma separated addresses or networks: of their requests X-Forwarded-For is believed."""
    opt_in_limit_address: str = "10/minute;60/hour"
    """How often one address may ask at the public opt-in, per process: a limit, or several separated by `;`."""
    opt_in_limit_link: str = "3000/hour"
    """How often one link's form may be sent, by whomever."""
    opt_in_limit_phone: str = "5/day"
    """How often one phone number may be entered."""
    preference_limit: str = "30/minute;200/day"
    """How often one customer may change preferences on the page."""
    form_token_life: timedelta = timedelta(hours=3)
    """How long after it was fetched an opt-in form may be sent."""
    form_least_fill: timedelta = timedelta(seconds=2)
    """How long, at least, a person takes to fill it: what comes sooner is refused."""

    console_session_life: timedelta = Field(default=timedelta(hours=12), gt=timedelta(0), le=timedelta(days=30))
    """How long a session in the console lasts at most."""
    console_session_idle: timedelta = Field(default=timedelta(hours=2), gt=timedelta(minutes=2))
    """After so long without a visit it ends."""
    console_look_every: timedelta = Field(default=timedelta(seconds=3), gt=timedelta(0))
    """How often it is looked, for pages of the console that are open, whether something changed."""
    console_login_limit: str = "10/minute;60/hour"
    """How often one address may try to sign in to the console, per process."""
    console_limit: str = "600/minute"
    """How many pages of the console, and parts of pages, one session gets, per process."""

    accept_body_limit: int = Field(default=4 * 1024 * 1024, ge=1024)
    """Bytes; a request body over it is answered with 413."""
    import_body_limit: int = Field(default=1024 * 1024 * 1024, ge=1024)
    """The same of a consent list, which is never in memory as a whole."""
    media_body_limit: int = Field(default=100 * 1024 * 1024, ge=1024)
    """The same of a picture, film or PDF; Meta's limits hold beside it."""
    media_renew_before: timedelta = Field(default=timedelta(days=3), ge=timedelta(hours=2), lt=timedelta(days=30))
    """How long before Meta forgets a file it is uploaded anew."""
    media_used_within: timedelta = timedelta(days=30)
    """Only while a message with it left so lately, or a template shows it."""
    idempotency_retention: timedelta = timedelta(hours=48)

    feed_retention: timedelta = timedelta(days=30)
    """How long events stay in the feed for those who have not read them."""
    callback_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split)] = ()
    """Networks, comma separated, that callbacks may reach though they are private, and by plain http too."""
    callback_timeout: timedelta = Field(default=timedelta(seconds=15), gt=timedelta(0), le=timedelta(minutes=2))
    """How long an endpoint may take to answer, everything included."""
    callback_lease: timedelta = timedelta(seconds=60)
    """How long a worker may be at a call before it is taken for dead. Must exceed the time for the answer."""
    callback_concurrency: int = Field(default=8, ge=1, le=200)
    """Calls of one endpoint at once, per worker."""
    callback_connections: int = Field(default=400, ge=1)
    """Calls of endpoints at once, per worker."""
    callback_retry_window: timedelta = Field(default=timedelta(days=3), ge=timedelta(0))
    """How long a callback is tried again before it is parked."""
    callback_disable_after: timedelta = Field(default=timedelta(days=5), gt=timedelta(0))
    """An endpoint of which nothing but failure came for so long is disabled."""

    integration_delivery_retention: timedelta = timedelta(days=30)
    """How long it is kept what became of a shop's webhooks."""
    integration_order_retention: timedelta = timedelta(days=180)
    """How long after the last webhook about an order of a shop is forgotten whose it is and what was told of it."""
    integration_wait: timedelta = timedelta(days=3)
    """How long what came before its order waits for it."""

    lease: timedelta = timedelta(seconds=60)
    """How long a worker may hold a claimed message. Must exceed the Graph timeouts together."""
    unconfirmed_window: timedelta | None = None
    """How long a message with an unknown outcome waits for a receipt; each event type's own where this is not set."""
    message_history: bool = False
    """Whether Meta is asked what became of accepted messages of which no receipt comes: not every account may ask."""
    probe_interval: timedelta = timedelta(hours=1)
    """How often one message of a paused sender tries whether the obstacle is gone, where it may go by itself."""
    pair_interval: timedelta = timedelta(seconds=6)
    """Meta's pace for one customer and one number: a message in so much time; zero leaves it to Meta to refuse."""
    pair_burst: int = Field(default=45, ge=1, le=1000)
    """Messages to one customer that may go within one interval, paid for by silence after it."""
    automatic_answers_a_day: int = Field(default=5, ge=0, le=1000)
    """How many answers go back by themselves to one customer in 24 hours: what writes to us may be a machine, too."""
    pacing_unpause_after: timedelta = timedelta(hours=3)
    """How long a template rests that Meta paused while it paced it, which only a call lifts, before we make that call;
    zero leaves it to people."""
    template_warning: timedelta = timedelta(days=30)
    """How long before it happens it is told of a template: that it will be archived, or a review can no longer be
    asked for."""
    token_warning: timedelta = Field(default=timedelta(days=14), ge=timedelta(0))
    """How long before an access token ends the check-up warns of it: time enough for whoever may make a new one."""
    block_codes: Annotated[list[int], NoDecode, BeforeValidator(_split)] = Field(default=[131026, 131050])
    """Meta's codes of messages that come back from who does not want them: nobody tells of a block itself."""
    double_opt_in_window: timedelta = timedelta(days=7)
    """How long an opt-in that is to be confirmed on WhatsApp can be."""
    reply_tied_within: timedelta = timedelta(hours=72)
    """How long after a message its customer's words are taken to answer it, where they name none."""
    window_not_opened_by: Annotated[list[str], NoDecode, BeforeValidator(_split)] = Field(
        default=["reaction", "edit", "revoke", "system"]
    )
    """Types of what customers send that open no window for free answers, as Meta names them. Meta says that messages
    do, and not whether these count as such."""
    worker_concurrency: int = Field(default=400, ge=1)
    """Calls to Graph in flight at once, per worker process. No sender gets all of them."""
    worker_poll_interval: timedelta = timedelta(milliseconds=500)
    """Longest wait between two looks at the queue when nothing says that there is work."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @field_validator("secret_keys")
    @classmethod
    def _usable_keys(cls, keys: list[SecretStr]) -> list[SecretStr]:
        for key in keys:
            try:
                Fernet(key.get_secret_value())
            except ValueError as error:
                raise ValueError("must be Fernet keys: 32 random bytes, URL-safe base64") from error
        return keys

    @field_validator(
        "opt_in_limit_address",
        "opt_in_limit_link",
        "opt_in_limit_phone",
        "preference_limit",
        "console_login_limit",
        "console_limit",
    )
    @classmethod
    def _readable_limit(cls, limits: str) -> str:
        try:
            parse_many(limits)
        except ValueError as error:
            raise ValueError("must be limits such as 20/hour, or several separated by semicolons") from error
        return limits

    @field_validator("graph_live_url", "graph_sandbox_url")
    @classmethod
    def _no_trailing_slash(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _public_base(cls, url: str | None) -> str | None:
        return public_base(url) if url else None

    @field_validator("former_public_urls")
    @classmethod
    def _public_bases(cls, urls: list[str]) -> list[str]:
        return [public_base(url) for url in urls]

    @model_validator(mode="after")
    def _lease_outlasts_a_call(self) -> Self:
        """Or a message would be found as lost while its call is still under way."""
        if self.lease <= self.graph_connect_timeout + self.graph_read_timeout:
            raise ValueError("ULAK_LEASE must be longer than the two Graph timeouts together")
        if self.callback_lease <= self.callback_timeout:
            raise ValueError("ULAK_CALLBACK_LEASE must be longer than ULAK_CALLBACK_TIMEOUT")
        if self.graph_connections < self.worker_concurrency:
            # A call that waits for a connection would use up its lease before it begins.
            raise ValueError("ULAK_GRAPH_CONNECTIONS must not be less than ULAK_WORKER_CONCURRENCY")
        return self

    @property
    def local_host(self) -> str:
        """The address that reaches, from this machine, a server which listens on `host`."""
        return "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host

    def local_url(self, port: int) -> str:
        host = self.local_host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def customer_url(self) -> str:
        """Base of our own public pages: without a setting the API on this machine, where only we ourselves can look."""
        return self.public_url or self.local_url(self.api_port)

    @property
    def customer_urls(self) -> tuple[str, ...]:
        """Today's base, and the earlier ones."""
        return (self.customer_url, *self.former_public_urls)

    def require_database_url(self) -> str:
        if not self.database_url:
            raise SettingsError("ULAK_DATABASE_URL is not set (only `ulak up` starts a database of its own)")
        return self.database_url

    def require_secret_keys(self) -> list[str]:
        if not self.secret_keys:
            raise SettingsError(
                "ULAK_SECRET_KEYS is not set: tokens and signing secrets are stored encrypted with it. Make one with\n"
                '  python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            )
        return [key.get_secret_value() for key in self.secret_keys]


def _read_files(environment: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Values of the `ULAK_X_FILE` variables (as Docker and Kubernetes mount secrets), and what was wrong with them."""
    values, faults = {}, []
    for name, path in environment.items():
        if not (name.startswith(PREFIX) and name.endswith("_FILE")):
            continue
        target = name.removesuffix("_FILE")
        if target in environment:
            faults.append(f"{target} and {name} are both set: keep one")
            continue
        try:
            values[target.removeprefix(PREFIX).lower()] = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            faults.append(f"{name}: cannot read {path}: {error.strerror}")
        except UnicodeDecodeError:
            faults.append(f"{name}: {path} is not text in UTF-8")
    return values, faults


def load_settings(**overrides: Any) -> Settings:
    """Read the environment once.

    Raises SettingsError naming every variable that cannot be used, not only the first.
    """
    from_files, faults = _read_files(dict(os.environ))
    try:
        settings = Settings(**(from_files | overrides))
    except ValidationError as error:
        faults += [
            f"{PREFIX}{str(item['loc'][0]).upper()}: {item['msg']}" if item["loc"] else item["msg"]
            for item in error.errors()
        ]
    if faults:
        raise SettingsError("\n".join(faults))
    return settings
