"""Any command of any cluster, for the experienced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pichat.errors import BadRequestError, NotFoundError, UnsupportedError
from pichat.zigbee.care.asking import Directory, Known, ask, words
from pichat.zigbee.care.places import Named, Place, folded, number, place
from pichat.zigbee.care.types import CommandReply, Json
from pichat.zigbee.care.values import from_json, to_json
from pichat.zigbee.link import Link

DOOR_LOCK = 0x0101
_CODES = ("pin", "rfid")


class Commands:
    def __init__(self, directory: Directory, link: Link) -> None:
        self._directory = directory
        self._link = link

    async def send(
        self,
        wanted: str,
        cluster: Named,
        command: Named,
        arguments: Mapping[str, Json] | None = None,
        *,
        payload: str | None = None,
        endpoint: int | None = None,
        manufacturer_code: int | None = None,
    ) -> CommandReply:
        """Send a command and return the device's answer. `arguments` by the ZCL's names; for a
        command that the ZCL does not have, `payload` as hexadecimal text. Raises NotFoundError,
        BadRequestError, UnsupportedError with the device's status in words, DeviceSilentError and
        UnavailableError."""
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            found = place(known, cluster, endpoint)
            definition = _definition(found, command)
            if payload is not None:
                name, ident, schema, fields = _raw(found, command, payload)
            else:
                if definition is None:
                    raise BadRequestError(_lacks(found, command))
                name, ident, schema = definition.name, definition.id, definition.schema
                fields = _fields(schema, arguments or {}, name)
            _no_codes(found, name, arguments or {})
            reply = await ask(
                session,
                known,
                lambda options: found.cluster.request(
                    False, ident, schema, manufacturer=manufacturer_code, **options, **fields
                ),
                attempts=1,  # the same command twice may be another thing
            )
            return CommandReply(
                device_id=known.id,
                name=known.name,
                endpoint=found.endpoint,
                cluster=found.name,
                command=str(name),
                reply=_reply(known, reply),
            )


def _definition(found: Place, command: Named) -> Any:
    ident = number(command)
    for definition in found.cluster.server_commands.values():
        if definition.id == ident or folded(definition.name) == folded(str(command)):
            return definition
    if ident is None:
        raise NotFoundError(_lacks(found, command))
    return None


def _lacks(found: Place, command: Named) -> str:
    known = ", ".join(str(one.name) for one in found.cluster.server_commands.values())
    return f"The {found.name} cluster has no command “{command}”; it has {known or 'none'}."


def _fields(schema: Any, arguments: Mapping[str, Json], name: str) -> dict[str, Any]:
    kinds = {field.name: field for field in schema.fields}
    unknown = [each for each in arguments if each not in kinds]
    needed = [each for each, field in kinds.items() if not field.optional]
    missing = [each for each in needed if each not in arguments]
    if unknown or missing:
        raise BadRequestError(f"{name} takes {', '.join(kinds) or 'no arguments'}.")
    return {
        each: from_json(value, kinds[each].type, f"{name}, {each}")
        for each, value in arguments.items()
    }


def _raw(found: Place, command: Named, payload: str) -> tuple[str, int, Any, dict[str, Any]]:
    """A command that only its maker knows."""
    from zigpy.types import Bytes
    from zigpy.zcl import foundation

    ident = number(command)
    if ident is None or not 0 <= ident <= 0xFF:
        raise BadRequestError("A command with a payload is named by its number, 0 to 0xff.")
    known = next((one for one in found.cluster.server_commands.values() if one.id == ident), None)
    name = str(known.name) if known is not None else f"command_{ident:#04x}"
    define: Any = foundation.ZCLCommandDef
    schema = define(id=ident, name=name, schema={"payload": Bytes})
    data = from_json(payload, Bytes, "payload")
    return name, ident, schema.with_compiled_schema().schema, {"payload": data}


def _no_codes(found: Place, name: str, arguments: Mapping[str, Json]) -> None:
    """Codes of a lock are listed, never told, and stand in no record. Raises UnsupportedError."""
    if int(found.cluster.cluster_id) != DOOR_LOCK:
        return
    if any(code in each.casefold() for each in (name, *arguments) for code in _CODES):
        raise UnsupportedError("Codes of a lock are neither read nor written like this.")


def _reply(known: Known, reply: Any) -> dict[str, Json]:
    if reply is None:
        return {}
    fields = {field.name: getattr(reply, field.name) for field in reply.fields}
    status = fields.get("status")
    if status is not None and int(status) != 0:
        raise known.refused(status)
    told: dict[str, Json] = {
        name: to_json(value) for name, value in fields.items() if name != "status"
    }
    if status is not None:
        told["status"] = words(status)
    return told
