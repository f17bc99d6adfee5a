"""What an operator can set: defaults, then `system.yaml`, then `P3D_*` variables, then flags.

Each part of the server declares the few values that it needs beside its own code; `wiring` hands them over from here.
"""

import ipaddress
import os
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.marks import Complaint, ConfigInvalid, Document, check, parse, read

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """Base of all sections: nothing that is not known, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    """Where clients come in."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 7842
    public_url: str | None = None
    workers: Count = 1

    @property
    def is_loopback(self) -> bool:
        """True if only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class S3(Section):
    """A bucket for uploads and results. Credentials come from the environment, as S3 tools expect (AWS_*)."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str = "us-east-1"


class Storage(Section):
    """What is kept, where and for how long."""

    data_dir: Path | None = None
    run_dir: Path | None = None
    s3: S3 | None = None
    min_free_gb: Annotated[float, Field(ge=0)] = 1
    keep_uploads_h: Positive = 24
    keep_results_h: Positive = 168
    keep_failed_h: Positive = 168

    @property
    def folder(self) -> Path:
        """The data folder in force."""
        return (self.data_dir or _usual_folder()).expanduser().absolute()

    @property
    def log_folder(self) -> Path:
        """Where processes keep their log, for operators to read."""
        return self.folder / "logs"

    @property
    def backend(self) -> str:
        """What files are kept in, as metrics call it."""
        return "directory" if self.s3 is None else "s3"


class Limits(Section):
    """Beyond these a client gets 413, 429 or 503."""

    queue: Count = 10_000
    image_mb: Positive = 50
    mesh_mb: Positive = 200
    image_edge_px: Count = 4096
    watchers: Count = 12_000
    watchers_each: Count = 2000
    per_minute: Annotated[float, Field(ge=0)] = 120
    open_jobs: Annotated[int, Field(ge=0)] = 1000


class AccountsSection(Section):
    """Who has to log in."""

    enabled: bool = False
    registration: Literal["open", "closed"] = "closed"
    token_days: Positive = 365
    session_h: Positive = 168
    url_h: Annotated[float, Field(ge=0.1)] = 24


class Redis(Section):
    """Where job records are kept when several processes share them."""

    enabled: bool = False
    url: str = "redis://localhost:6379"
    sentinels: list[str] = []
    sentinel_master: str = "mymaster"
    durability: Literal["everysec", "always"] = "everysec"
    replicas: Annotated[int, Field(ge=0)] = 0
    timeout_s: Positive = 2


class Place(Section):
    """Where one broker can be found."""

    name: str
    address: str
    news: str
    key: str = ""


class Broker(Section):
    """Brokers of this installation; without `places` there is one machine, and they meet in its run folder."""

    places: list[Place] = []
    lease_s: Positive = 2


class Scheduling(Section):
    """The scheduler's few knobs."""

    alpha: Annotated[float, Field(ge=0)] = 20
    adoption_s: Positive = 10


class Worker(Section):
    """What this host computes on."""

    name: str | None = None
    devices: Literal["auto"] | list[str] = "auto"
    slots: Count = 1
    reserve_gb: Annotated[float, Field(ge=0)] = 1
    memory_gb: Positive | None = None
    keep_loaded_s: Positive | None = None
    cancel_grace_s: Positive = 2
    threads: Count | None = None
    drain_s: Annotated[float, Field(ge=0)] = 10

    def name_of(self, number: int, count: int = 2) -> str:
        """What the worker of that device is called; `count`: of how many."""
        return self.name if self.name and count == 1 else f"{self.name or 'worker'}-{number}"


class Models(Section):
    """Which catalogue files are in force."""

    catalogue: Path | None = None
    extra: list[Path] = []
    prefer: list[str] = []
    stand_in: bool = False
    commercial_only: bool = False
    environments: Path | None = None


class Security(Section):
    """Who may reach what."""

    cors_origins: list[str] = ["*"]
    allow_open_access: bool = False
    proxies: list[str] = []
    fetch_allow: list[str] = []
    input_folders: list[Path] = []
    keys_dir: Path | None = None
    allow_plain_tcp: bool = False

    @field_validator("fetch_allow", "proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value


class Logging(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    keep_mb: Annotated[float, Field(ge=0)] = 50


class Tracing(Section):
    """Where spans go."""

    endpoint: str = ""


class Settings(Section):
    """All of it."""

    server: Server = Server()
    storage: Storage = Storage()
    limits: Limits = Limits()
    accounts: AccountsSection = AccountsSection()
    redis: Redis = Redis()
    broker: Broker = Broker()
    scheduler: Scheduling = Scheduling()
    worker: Worker = Worker()
    models: Models = Models()
    security: Security = Security()
    logging: Logging = Logging()
    tracing: Tracing = Tracing()
    environment: str = "production"
    debug: bool = False

    @property
    def environments(self) -> Path:
        """The folder in which heavy models are installed."""
        return (self.models.environments or self.storage.folder / "models").expanduser().absolute()

    @property
    def is_guarded(self) -> bool:
        """Others may reach the server: they have to log in, or it was said in words that they need not."""
        return self.accounts.enabled or self.security.allow_open_access

    @model_validator(mode="after")
    def _is_safe(self) -> "Settings":
        if not self.server.is_loopback and not self.is_guarded:
            raise ValueError(
                f"server.host is {self.server.host}, which others can reach, and nobody has to log in; "
                "set accounts.enabled: true, or listen on 127.0.0.1, or set security.allow_open_access: true"
            )
        return self


SHORT_NAMES = {
    "P3D_HOST": ("server", "host"),
    "P3D_PORT": ("server", "port"),
    "P3D_DATA_DIR": ("storage", "data_dir"),
    "P3D_LOG_LEVEL": ("logging", "level"),
    "P3D_ENVIRONMENT": ("environment",),
    "P3D_DEBUG": ("debug",),
    "P3D_WORKERS": ("server", "workers"),
    "P3D_REDIS_URL": ("redis", "url"),
    "P3D_REDIS_ENABLED": ("redis", "enabled"),
    "P3D_USER_AUTH_ENABLED": ("accounts", "enabled"),
}
"""Variables that existing installations use; the rest follow the pattern P3D_SECTION__NAME."""

SEED_NAMES = {
    "redis_url": ("redis", "url"),
    "redis_enabled": ("redis", "enabled"),
    "user_auth_enabled": ("accounts", "enabled"),
}
"""Keys that existing files have at the top."""

WITHOUT_EFFECT = {"P3D_RELOAD"}
"""Known from existing installations; said at the start, not refused."""


class Loaded(NamedTuple):
    """Settings in force, and where each value that is not a default comes from."""

    settings: Settings
    origins: dict[str, str]
    file: Path | None
    notes: tuple[str, ...]


def load(
    file: Path | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """The settings in force.

    Args:
        file: the operator's `system.yaml`; None: `AIGC_CONFIG`, else defaults only.
        environment: where `P3D_*` variables are looked up.
        flags: `server.port` and the like, from the command line; None values are not set.

    Raises:
        ConfigInvalid: every error at once.
    """
    chosen = file or (Path(environment["AIGC_CONFIG"]) if environment.get("AIGC_CONFIG") else None)
    document = read(chosen) if chosen else parse("{}", "defaults")
    if document.data is None:
        document = document._replace(data={})
    if not isinstance(document.data, dict):
        raise ConfigInvalid([Complaint(document.place(()), "is not a mapping", "write `section:` lines")])
    overlay = _Overlay(document)
    overlay.move_seed_names()
    for name, value in sorted(environment.items()):
        if name.startswith("P3D_"):
            overlay.variable(name, value)
    for name, value in (flags or {}).items():
        if value is not None:
            overlay.set(tuple(name.split(".")), value, f"flag for {name}")
    if overlay.complaints:
        raise ConfigInvalid(overlay.complaints)
    settings = check(Settings, overlay.document, overlay.document.data)
    if chosen:
        settings = _from_file(settings, chosen.absolute().parent)
    origins = {".".join(map(str, keys)): place for keys, place in overlay.document.places.items() if keys}
    return Loaded(settings, origins, chosen, tuple(overlay.notes))


def _from_file(settings: Settings, base: Path) -> Settings:
    """Relative paths of a file start at that file."""
    models, security = settings.models, settings.security
    folders = [base / folder.expanduser() for folder in security.input_folders]
    moved = models.model_copy(
        update={
            "catalogue": base / models.catalogue if models.catalogue else None,
            "extra": [base / extra for extra in models.extra],
            "environments": base / models.environments.expanduser() if models.environments else None,
        }
    )
    secured = security.model_copy(update={"input_folders": folders})
    return settings.model_copy(update={"models": moved, "security": secured})


class _Overlay:
    """A document on which variables and flags are laid; complaints then name these as the place."""

    def __init__(self, document: Document) -> None:
        self.document = document._replace(data=_copied(document.data), places=dict(document.places))
        self.complaints: list[Complaint] = []
        self.notes: list[str] = []

    def variable(self, name: str, text: str) -> None:
        if name in WITHOUT_EFFECT:
            self.notes.append(f"{name} has no effect")
            return
        keys = SHORT_NAMES.get(name) or tuple(name.removeprefix("P3D_").lower().split("__"))
        if keys not in set(_names(Settings)):
            known = ", ".join(sorted(SHORT_NAMES))
            self.complaints.append(Complaint(name, "is not a setting", f"use P3D_SECTION__NAME or one of {known}"))
            return
        try:
            value = yaml.safe_load(text) if text.lstrip()[:1] in ("[", "{") else parse(text, name).data
        except (yaml.YAMLError, ConfigInvalid):
            value = text
        self.set(keys, value, name)

    def move_seed_names(self) -> None:
        """Keys at the top that have a place in a section now."""
        for name, keys in SEED_NAMES.items():
            if name in self.document.data:
                self.set(keys, self.document.data.pop(name), self.document.places[(name,)])

    def set(self, keys: tuple[str, ...], value: Any, place: str) -> None:
        target = self.document.data
        for at, key in enumerate(keys[:-1]):
            self.document.places.setdefault(keys[: at + 1], place)
            inner = target.get(key)
            target[key] = target = inner if isinstance(inner, dict) else {}
        target[keys[-1]] = value
        self.document.places[keys] = place


def _usual_folder() -> Path:
    from platformdirs import user_data_path  # here: a process that was told its folder has no use for it

    return user_data_path("aigc")


def _copied(data: Any) -> Any:
    return {key: _copied(value) for key, value in data.items()} if isinstance(data, dict) else data


def _names(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _names(field.annotation, (*above, name))
        else:
            yield (*above, name)


def example() -> str:
    """The commented file that comes with the server."""
    return resources.files("config").joinpath("system.yaml").read_text(encoding="utf-8")
