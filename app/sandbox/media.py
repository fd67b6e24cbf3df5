"""Media and resumable uploads: their limits, their bytes, and how a send refers to them."""

import base64
import hashlib
import re
import secrets
from pathlib import Path

from app.sandbox.errors import GraphError, bad_value, invalid, unknown_object
from app.sandbox.state import Json, Media, Upload
from app.sandbox.world import World, new_id

_KB, _MB = 1024, 1024 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument."
LIMITS: dict[str, tuple[frozenset[str], int]] = {
    "image": (frozenset({"image/jpeg", "image/png"}), 5 * _MB),
    "video": (frozenset({"video/mp4", "video/3gp", "video/3gpp"}), 16 * _MB),
    "audio": (frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}), 16 * _MB),
    "document": (
        frozenset(
            {
                "text/plain",
                "application/pdf",
                "application/msword",
                "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                f"{_OFFICE}wordprocessingml.document",
                f"{_OFFICE}spreadsheetml.sheet",
                f"{_OFFICE}presentationml.presentation",
            }
        ),
        100 * _MB,
    ),
    "sticker": (frozenset({"image/webp"}), 500 * _KB),
}
SAMPLE_TYPES = {"image/jpeg", "image/jpg", "image/png", "application/pdf", "video/mp4"}
_OWN_DAYS, _INBOUND_DAYS = 30, 7
_DAY = 86_400.0
URL_LIFETIME = 300.0
DOWNLOAD = "/whatsapp_business/attachments/"


_USUAL = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/ogg; codecs=opus",
    "document": "application/octet-stream",
    "sticker": "image/webp",
}


class UnfitMediumError(Exception):
    """A customer's phone would not send it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class MediaBook:
    def __init__(self, world: World) -> None:
        self._world = world
        self._bytes: dict[str, bytes] = {}
        self._urls: dict[str, tuple[str, float]] = {}
        self._folder: Path | None = world.settings.data_dir and world.settings.data_dir / "media"

    def add(self, number_id: str, data: bytes, mime_type: str, filename: str) -> Media:
        mime_type = mime_type.split(";", maxsplit=1)[0].strip().lower()
        kind = next((kind for kind, (types, _) in LIMITS.items() if mime_type in types), None)
        if kind is None:
            allowed = ", ".join(sorted(set().union(*(types for types, _ in LIMITS.values()))))
            raise invalid(
                f"Param file must be a file with one of the following types: {allowed}. "
                f"Received file of type '{mime_type}'."
            )
        limit = LIMITS[kind][1]
        if not 0 < len(data) <= limit:
            raise invalid(f"Param file must be a file of 1 to {limit} bytes. Received {len(data)} bytes.")
        return self._keep(number_id, data, mime_type, filename)

    def receive(self, number_id: str, kind: str, data: bytes, mime_type: str | None, filename: str) -> Media:
        """A customer's. Phones send any file as a document."""
        types, limit = LIMITS[kind]
        mime_type = (mime_type or _USUAL[kind]).lower()
        if kind != "document" and mime_type.split(";", maxsplit=1)[0].strip() not in types:
            raise UnfitMediumError("mime_type", f"A medium of type {mime_type} is no {kind}.")
        if not 0 < len(data) <= limit:
            raise UnfitMediumError("data", f"The {kind} must have 1 to {limit} bytes; it has {len(data)}.")
        return self._keep(number_id, data, mime_type, filename, inbound=True)

    def _keep(self, number_id: str, data: bytes, mime_type: str, filename: str, *, inbound: bool = False) -> Media:
        digest = hashlib.sha256(data).hexdigest()
        now = self._world.clock.now()
        media = Media(new_id(), number_id, mime_type, digest, len(data), filename, now, inbound)
        self._world.state.media[media.media_id] = media
        self._store(media.media_id, data)
        self._world.touch()
        return media

    def get(self, media_id: str) -> Media | None:
        """None once its days are over: 30 for what was uploaded, 7 for what came in."""
        media = self._world.state.media.get(media_id)
        if media is None:
            return None
        days = _INBOUND_DAYS if media.inbound else _OWN_DAYS
        return media if self._world.clock.now() - media.created_at < days * _DAY else None

    def read(self, media_id: str) -> bytes | None:
        if self._folder is None:
            return self._bytes.get(media_id)
        path = self._path(media_id)
        return path.read_bytes() if path is not None and path.is_file() else None

    def delete(self, media_id: str) -> None:
        del self._world.state.media[media_id]
        self._bytes.pop(media_id, None)
        if path := self._path(media_id):
            path.unlink(missing_ok=True)
        self._world.touch()

    def clear(self) -> None:
        for media_id in list(self._world.state.media):
            self.delete(media_id)
        self._urls.clear()

    def _path(self, media_id: str) -> Path | None:
        return self._folder / media_id if self._folder is not None and media_id.isalnum() else None

    def _store(self, media_id: str, data: bytes) -> None:
        path = self._path(media_id)
        if path is None:
            self._bytes[media_id] = data
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def address(self, media_id: str, base_url: str) -> str:
        """Where its bytes are for the next five minutes."""
        key = secrets.token_urlsafe(16)
        now = self._world.clock.now()
        self._urls = {old: entry for old, entry in self._urls.items() if entry[1] > now}
        self._urls[key] = (media_id, now + URL_LIFETIME)
        return f"{base_url.rstrip('/')}{DOWNLOAD}?mid={media_id}&hash={key}"

    def by_address(self, key: str) -> Media | None:
        media_id, until = self._urls.get(key, ("", 0.0))
        return self.get(media_id) if until > self._world.clock.now() else None

    def resolve(self, part: Json, number_id: str) -> str | None:
        """Checks the medium that a part of a message names.

        An unknown id is refused; a wrong kind is only returned, as Meta accepts the message and reports it later.
        """
        media_id = part.get("media_id")
        if media_id is None:
            return None
        media = self.get(media_id)
        if media is None or media.number_id != number_id:
            raise unknown_object(media_id, "post")
        types, limit = LIMITS[part["type"]]
        if media.mime_type.split(";", maxsplit=1)[0] not in types or media.size > limit:
            return f"Media of type {media.mime_type} cannot be sent as {part['type']}."
        part["mime_type"] = media.mime_type
        if part["type"] == "document" and not part.get("filename"):
            part["filename"] = media.filename
        return None

    def open_upload(self, app_id: str, arguments: Json) -> Upload:
        file_type = str(arguments.get("file_type", ""))
        if file_type not in SAMPLE_TYPES:
            raise invalid(f"Param file_type must be one of {{{', '.join(sorted(SAMPLE_TYPES))}}}.")
        length = str(arguments.get("file_length", ""))
        if not re.fullmatch(r"[1-9]\d{0,9}", length):
            raise invalid("Param file_length must be a positive integer.")
        upload_id = f"upload:{base64.urlsafe_b64encode(secrets.token_bytes(24)).decode()}"
        upload = Upload(upload_id, app_id, str(arguments.get("file_name", "")), file_type, int(length))
        self._world.state.uploads[upload_id] = upload
        self._world.touch()
        return upload

    def continue_upload(self, upload: Upload, offset: str, data: bytes) -> Upload:
        """Takes the next bytes; the last ones give the upload its handle."""
        if offset != str(upload.received):
            raise bad_value(f"file_offset: expected {upload.received}, received {offset!r}.")
        if upload.received + len(data) > upload.length:
            raise GraphError(131009, f"file_length: {upload.length} bytes were announced.")
        upload.received += len(data)
        if upload.received == upload.length:
            upload.handle = f"4::{base64.b64encode(secrets.token_bytes(24)).decode()}"
        self._world.touch()
        return upload

    def sample_type(self, handle: str) -> str | None:
        """MIME type of a finished upload."""
        for upload in self._world.state.uploads.values():
            if upload.handle == handle:
                return upload.file_type
        return None
