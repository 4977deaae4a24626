"""Firmware images: those of a folder, those of an index, and one that somebody hands over.

An index is a list in zigbee2mqtt's form or an object in zigpy's (`firmwares`). Nothing is asked of
the network unless the index is a URL, and then only when somebody asks for a device's firmware.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlparse

import msgspec
import structlog

from pichat.errors import BadRequestError, UnavailableError

log = structlog.get_logger(__name__)

MOST_BYTES = 8 << 20
_MOST_FILES = 2000
_DOWNLOAD_S = 60.0
_CHECKSUMS = frozenset({"sha1", "sha256", "sha3-256", "sha512"})


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An image and what it is for. `where` is a path or a URL; None: `data` is it."""

    id: str
    source: str
    file_version: int
    manufacturer_code: int
    image_type: int
    where: str | None = None
    data: bytes | None = None
    size_bytes: int | None = None
    checksum: str | None = None  # "sha512:…"
    models: tuple[str, ...] = ()
    manufacturers: tuple[str, ...] = ()
    hardware: tuple[int | None, int | None] = (None, None)
    from_versions: tuple[int | None, int | None] = (None, None)
    notes: str | None = None


class _Z2m(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    file_version: int
    manufacturer_code: int
    image_type: int
    url: str | None = None
    path: str | None = None
    file_size: int | None = None
    sha512: str | None = None
    model_id: str | None = None
    manufacturer_name: tuple[str, ...] = ()
    hardware_version_min: int | None = None
    hardware_version_max: int | None = None
    min_file_version: int | None = None
    max_file_version: int | None = None
    release_notes: str | None = None

    def entry(self, source: str, where: str) -> Entry:
        return Entry(
            id=_id(where, self.file_version),
            source=source,
            file_version=self.file_version,
            manufacturer_code=self.manufacturer_code,
            image_type=self.image_type,
            where=where,
            size_bytes=self.file_size,
            checksum=f"sha512:{self.sha512}" if self.sha512 else None,
            models=(self.model_id,) if self.model_id else (),
            manufacturers=self.manufacturer_name,
            hardware=(self.hardware_version_min, self.hardware_version_max),
            from_versions=(self.min_file_version, self.max_file_version),
            notes=self.release_notes,
        )


class _Zigpy(msgspec.Struct, frozen=True, kw_only=True):
    file_version: int
    manufacturer_id: int
    image_type: int
    binary_url: str | None = None
    path: str | None = None
    file_size: int | None = None
    checksum: str | None = None
    model_names: tuple[str, ...] = ()
    manufacturer_names: tuple[str, ...] = ()
    min_hardware_version: int | None = None
    max_hardware_version: int | None = None
    min_current_file_version: int | None = None
    max_current_file_version: int | None = None
    changelog: str | None = None

    @property
    def url(self) -> str | None:
        return self.binary_url

    def entry(self, source: str, where: str) -> Entry:
        return Entry(
            id=_id(where, self.file_version),
            source=source,
            file_version=self.file_version,
            manufacturer_code=self.manufacturer_id,
            image_type=self.image_type,
            where=where,
            size_bytes=self.file_size,
            checksum=self.checksum,
            models=self.model_names,
            manufacturers=self.manufacturer_names,
            hardware=(self.min_hardware_version, self.max_hardware_version),
            from_versions=(self.min_current_file_version, self.max_current_file_version),
            notes=self.changelog,
        )


class Images:
    """`folder` and `index` are None unless the owner has configured them."""

    def __init__(self, folder: Path | None, index: str | None) -> None:
        self._folder = folder
        self._index = index

    async def all(self) -> list[Entry]:
        """Of the folder and the index. Raises UnavailableError when one cannot be read."""
        found: list[Entry] = []
        if self._folder is not None:
            found += await asyncio.to_thread(_in_folder, self._folder)
        if self._index is not None:
            found += read_index(await _bytes(self._index), self._index)
        return found

    async def load(self, entry: Entry) -> Any:
        """The image as zigpy takes it, of the size and checksum that were promised. Raises
        UnavailableError and BadRequestError."""
        data = entry.data if entry.data is not None else await _bytes(str(entry.where))
        if entry.size_bytes is not None and len(data) != entry.size_bytes:
            raise BadRequestError(
                f"The image has {len(data)} bytes, not {entry.size_bytes}: it is not used."
            )
        if entry.checksum is not None and not _is_sound(data, entry.checksum):
            raise BadRequestError("The image's checksum is wrong: it is not used.")
        image = parse(data)
        header = image.header
        promised = (entry.manufacturer_code, entry.image_type, entry.file_version)
        if (header.manufacturer_id, header.image_type, header.file_version) != promised:
            raise BadRequestError("The image is another one than its index says: it is not used.")
        return image


def given(data: bytes) -> Entry:
    """An image that somebody hands over. Raises BadRequestError."""
    header = parse(data).header
    return _of_header(header, "given", data=data, size_bytes=len(data))


def parse(data: bytes) -> Any:
    """zigpy's image. Raises BadRequestError."""
    from zigpy.ota.image import parse_ota_image

    try:
        found: Any = parse_ota_image(data)[0]
        found.serialize()
    except (ValueError, AssertionError, IndexError) as error:
        raise BadRequestError(f"That is no Zigbee firmware image ({error}).") from error
    return found


def read_index(data: bytes, source: str) -> list[Entry]:
    """Entries of an index in either form; those that make no sense are left out. Raises
    UnavailableError for what is no index."""
    try:
        content = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnavailableError(f"The firmware index {source} is no JSON: {error}.") from error
    kind: type[_Z2m] | type[_Zigpy] = _Z2m
    if isinstance(content, dict):
        kind, content = _Zigpy, content.get("firmwares")
    if not isinstance(content, list):
        raise UnavailableError(f"The firmware index {source} is in no form that is known here.")
    found = []
    for each in content:
        try:
            read = msgspec.convert(each, kind)
        except msgspec.ValidationError as error:
            log.debug("firmware index entry left out", source=source, reason=str(error))
            continue
        where = _where(source, read.path, read.url)
        if where is not None:
            found.append(read.entry(source, where))
    return found


def _where(source: str, path: str | None, url: str | None) -> str | None:
    """The image's place; a path counts from the index."""
    if path is None:
        return url
    if _is_url(source):
        return urljoin(source, path)
    return str(Path(source).parent / path)


def _in_folder(folder: Path) -> list[Entry]:
    if not folder.is_dir():
        raise UnavailableError(f"The firmware folder {folder} is not there.")
    found = []
    for path in sorted(folder.rglob("*"))[:_MOST_FILES]:
        try:
            if not path.is_file() or path.stat().st_size > MOST_BYTES:
                continue
            data = path.read_bytes()
            header = parse(data).header
        except (OSError, BadRequestError) as error:
            log.debug("no firmware image", path=str(path), reason=str(error))
            continue
        found.append(_of_header(header, path.name, where=str(path), size_bytes=len(data)))
    return found


def _of_header(header: Any, source: str, **more: Any) -> Entry:
    version = int(header.file_version)
    return Entry(
        id=_id(more.get("where") or source, version),
        source=source,
        file_version=version,
        manufacturer_code=int(header.manufacturer_id),
        image_type=int(header.image_type),
        hardware=(
            _number(header.minimum_hardware_version),
            _number(header.maximum_hardware_version),
        ),
        **more,
    )


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _id(where: str, version: int) -> str:
    return hashlib.sha256(f"{where} {version}".encode()).hexdigest()[:12]


def _is_sound(data: bytes, checksum: str) -> bool:
    algorithm, _, digest = checksum.partition(":")
    if algorithm not in _CHECKSUMS:
        return False
    return hashlib.new(algorithm, data).hexdigest() == digest.lower()


def _is_url(where: str) -> bool:
    return urlparse(where).scheme in ("http", "https")


async def _bytes(where: str) -> bytes:
    """Raises UnavailableError."""
    try:
        if not _is_url(where):
            return await asyncio.to_thread(_read_file, Path(where))
        return await _download(where)
    except (OSError, TimeoutError) as error:
        raise UnavailableError(f"{where} cannot be read ({error!r}).") from error


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


async def _download(url: str) -> bytes:
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=_DOWNLOAD_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
            session.get(url) as answer,
        ):
            data = bytearray()
            async for part in answer.content.iter_chunked(1 << 16):
                data += part
                if len(data) > MOST_BYTES:
                    raise UnavailableError(f"{url} is too large.")
            return bytes(data)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnavailableError(f"{url} cannot be fetched ({error!r}).") from error
