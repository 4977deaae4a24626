"""English answers. The package's templates say neither which device acted nor which failed, and
speak of blinds that are still "opening" when they have already confirmed; so English is our own."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs

from pichat.errors import DeviceSilentError, WaitingError
from pichat.events import Device, DeviceOutcome, State, ToolResult
from pichat.intents import condition, words
from pichat.intents.phrases import degrees, listed, number, plain, sentence, the
from pichat.intents.understood import Understood
from pichat.moments import when

NOUN_OF_KIND = {
    "light": "lights",
    "plug": "plugs",
    "cover": "blinds",
    "lock": "locks",
    "thermostat": "thermostats",
    "fan": "fans",
    "siren": "sirens",
}

_RECENTLY_S = 3600.0

# Short, because it is listened to.
JOINING_OPEN = "For two minutes, new devices may join. Put yours into pairing mode now, close by."
JOINING_CLOSED = "New devices may not join any more."
NOT_UNDERSTOOD = (
    "I only know commands for the house; for anything else I would need a language model."
)


def answer(understood: Understood, results: Sequence[ToolResult], devices: Sequence[Device]) -> str:
    """One or two sentences; see Intents.answer."""
    call = understood.calls[0]
    if call.name == "get_time":
        return _time(str(results[0].value))
    if call.name == "get_date":
        return _date(str(results[0].value))
    outcomes = [outcome for result in results for outcome in result.outcomes]
    by_id = {device.id: device for device in devices}
    if call.name == "get_house_state":
        return condition.told(understood, devices, time.time())
    if call.name == "set_device_state":
        return _done(understood, outcomes, by_id)
    if call.name == "permit_join":
        return JOINING_OPEN if call.arguments["duration_s"] else JOINING_CLOSED
    if call.name == "activate_scene":
        return _scene(str((results[0].value or {}).get("scene", "")), outcomes, by_id)
    return _told(understood, outcomes, by_id)


# --- what was done ---------------------------------------------------------------------------


def _done(understood: Understood, outcomes: list[DeviceOutcome], by_id: dict[str, Device]) -> str:
    done = [outcome for outcome in outcomes if outcome.ok]
    waiting = [outcome for outcome in outcomes if outcome.error_code == WaitingError.code]
    failed = [outcome for outcome in outcomes if not outcome.ok and outcome not in waiting]
    verb, rest = _act(understood)
    if done and all(outcome.going_to is not None for outcome in done) and not waiting:
        are = "are" if len(done) > 1 else "is"
        to = rest or (" on" if done[0].going_to else " off")
        more = f"; {failures(failed, by_id)}" if failed else ""
        return sentence(f"{_acted_on(understood, done, by_id)} {are} going{to}{more}")
    parts = []
    if done and (failed or waiting):
        noun = _noun(outcomes, by_id)
        more = f"; {failures(failed, by_id)}" if failed else ""
        parts.append(sentence(f"{verb} {len(done)} of {len(outcomes)} {noun}{rest}{more}"))
    elif done:
        parts.append(sentence(f"{verb} {_acted_on(understood, done, by_id)}{rest}"))
    elif failed or not waiting:
        parts.append(sentence(failures(failed, by_id)))
    if waiting:
        parts.append(_waits(waiting, f"{verb.lower()}{rest}"))
    return " ".join(parts)


def _scene(name: str, outcomes: list[DeviceOutcome], by_id: dict[str, Device]) -> str:
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if not failed:
        going = any(outcome.going_to is not None for outcome in outcomes)
        return sentence(f"{plain(name)} is {'coming up' if going else 'on'}")
    done = {o.device_id for o in outcomes} - {o.device_id for o in failed}
    told = failures(failed, by_id)
    return sentence(f"{plain(name)} is only partly on; {told}" if done else told)


def _waits(waiting: list[DeviceOutcome], done: str) -> str:
    """Neither done nor failed: they sleep."""
    if len(waiting) == 1 and waiting[0].error:
        return waiting[0].error
    names = listed(the(outcome.device_name) for outcome in waiting)
    they = f"They will be {done} when they wake; if one does not wake, I will tell you"
    return f"{sentence(f'{names} are asleep')} {sentence(they)}"


def _act(understood: Understood) -> tuple[str, str]:
    """The verb, and what stands after the devices."""
    arguments = understood.calls[0].arguments
    capability, value = arguments["capability"], arguments["value"]
    said = understood.slots.get("said", {})
    if capability == "on_off":
        return ("Turned on" if value else "Turned off"), ""
    if capability == "lock":
        return ("Locked" if value else "Unlocked"), ""
    if capability == "cover_position" and value in (0, 100):
        return ("Opened" if value else "Closed"), ""
    if capability == "colour":
        return "Set", f" to {said.get('color', 'that colour')}"
    if capability == "colour_temperature":
        name = str(said.get("temperature", said.get("color", "")))
        return "Set", f" to {name}" if name.isalpha() or " " in name else f" to {value} kelvin"
    if capability == "target_temperature":
        return "Set", f" to {degrees(value)}"
    if told := words.act(capability, value):
        return told
    if len(understood.calls) > 1 and understood.intent == "PiChatBrightnessStep":
        return ("Brightened" if int(understood.slots["step"]) > 0 else "Dimmed"), ""
    return "Set", f" to {number(value)} percent"


def _acted_on(understood: Understood, done: list[DeviceOutcome], by_id: dict[str, Device]) -> str:
    if len(done) <= 2:
        # "Locked the front door", not its lock.
        return listed(the(o.device_name).removesuffix(" lock") for o in done)
    target = understood.calls[0].arguments["target"]
    area = target.get("area")
    where = f" in the {plain(area)}" if area and len(understood.calls) == 1 else ""
    if understood.slots.get("domain") == "everything":
        return f"everything{where}"
    whole = "all " if target.keys() == {"kinds"} else "the " if where else ""
    return f"{whole}{len(done)} {_noun(done, by_id)}{where}"


def _noun(outcomes: Iterable[DeviceOutcome], by_id: dict[str, Device]) -> str:
    kinds = {by_id[o.device_id].kind for o in outcomes if o.device_id in by_id}
    return NOUN_OF_KIND.get(kinds.pop(), "devices") if len(kinds) == 1 else "devices"


def failures(failed: list[DeviceOutcome], by_id: Mapping[str, Device] | None = None) -> str:
    """Every failed device, those that failed alike together. No full stop."""
    by_code: dict[str, list[DeviceOutcome]] = {}
    for outcome in failed:
        by_code.setdefault(outcome.error_code or "", []).append(outcome)
    return "; ".join(_failure(code, alike, by_id or {}) for code, alike in by_code.items())


def _failure(code: str, alike: list[DeviceOutcome], by_id: Mapping[str, Device]) -> str:
    names = listed(the(outcome.device_name) for outcome in alike)
    many = len(alike) > 1
    if code == "device_silent":
        ago = "" if many else _last_heard(by_id.get(alike[0].device_id))
        return f"{names} {'do' if many else 'does'} not answer{ago}"
    if code == "not_confirmed":
        return f"{names} did not do it"
    if code == "unsupported":
        return f"{names} cannot do that"
    sentences = dict.fromkeys(
        (o.error or f"{the(o.device_name)} failed").rstrip(".") for o in alike
    )
    return "; ".join(sentences)


def _last_heard(device: Device | None) -> str:
    """ "; it was last heard from on Tuesday at 9:40", when that is a while ago."""
    now_s = time.time()
    if device is None or not device.last_seen_s or now_s - device.last_seen_s < _RECENTLY_S:
        return ""
    return f"; it was last heard from {when(device.last_seen_s, now_s)}"


# --- what was asked --------------------------------------------------------------------------


def _told(understood: Understood, outcomes: list[DeviceOutcome], by_id: dict[str, Device]) -> str:
    gone = [outcome for outcome in outcomes if _from_before(outcome, outcomes, by_id)]
    known = [o for o in outcomes if o.state is not None and o not in gone]
    failed = [outcome for outcome in outcomes if not outcome.ok and outcome not in gone]
    parts = [_was(outcome, by_id[outcome.device_id]) for outcome in gone]
    if known:
        compare = COMPARING.get(understood.response)
        wanted = understood.slots.get("state")
        if compare and wanted is not None:
            parts.append(compare(known, str(wanted)))
        elif known[0].capability == "occupancy":
            parts.append(_occupancy(understood, known))
        elif understood.intent == "PiChatGetAlarm":
            parts.append(words.alarm(understood.slots.get("area"), known))
        else:
            parts.append(listed(_value(outcome, by_id) for outcome in known))
    if failed or not (known or gone):
        parts.append(failures(failed, by_id) or "nothing there can tell")
    return " ".join(sentence(part) for part in parts)


def _from_before(
    outcome: DeviceOutcome, outcomes: list[DeviceOutcome], by_id: dict[str, Device]
) -> bool:
    """Whether it is only known how it was, because the device is missing. Of one that was asked
    for alone that is told although it did not answer."""
    device = by_id.get(outcome.device_id)
    if device is None or device.available or not device.last_seen_s:
        return False
    if outcome.error_code == DeviceSilentError.code:
        return len(outcomes) == 1 and outcome.capability in device.state
    return outcome.ok


def _was(outcome: DeviceOutcome, device: Device) -> str:
    told = structs.replace(outcome, state=device.state.get(outcome.capability))
    then = when(device.last_seen_s or 0.0, time.time())
    value = _value(told, {device.id: device}, past=True)
    return f"{value} {then}; {the(device.name)} has not been heard from since"


def state_words(capability: str, state: State | None) -> str:
    """A state as it is said: "on", "locked", "40 percent open"."""
    if capability == "on_off":
        return "on" if state else "off"
    if capability == "lock":
        return "locked" if state else "unlocked"
    if capability == "contact":
        return "open" if state else "closed"
    if capability == "occupancy":
        return "occupied" if state else "empty"
    if capability in words.STATES:
        yes, no = words.STATES[capability]
        return yes if state else no
    if capability == "cover_position":
        ends = {0: "closed", 100: "open"}
        return ends.get(round(float(state)), f"{number(state)} percent open")  # type: ignore[arg-type]
    return str(state)


def fits(outcome: DeviceOutcome, wanted: str) -> bool:
    """Whether the state is the one asked for, in the words of the package's state lists."""
    if outcome.capability == "cover_position":
        is_open = float(outcome.state) > 0  # type: ignore[arg-type]
        return is_open == (wanted in ("open", "on"))
    return bool(outcome.state) == (wanted in ("on", "open", "locked"))


def _yes_no(known: list[DeviceOutcome], wanted: str) -> str:
    first = known[0]
    is_so = "Yes" if fits(first, wanted) else "No"
    now = state_words(first.capability, first.state)
    return f"{is_so}, {the(first.device_name)} {_be(first)} {now}"


def _any(known: list[DeviceOutcome], wanted: str) -> str:
    matched = [o for o in known if fits(o, wanted)]
    if not matched:
        return "No" if len(known) > 1 else _yes_no(known, wanted)
    return f"Yes, {_subjects(matched)} {_as_asked(matched, wanted)}"


def _all(known: list[DeviceOutcome], wanted: str) -> str:
    others = [o for o in known if not fits(o, wanted)]
    if len(known) == 1:
        return _yes_no(known, wanted)
    if not others:
        return f"Yes, all {len(known)}"
    return f"No, {_subjects(others)} {state_words(others[0].capability, others[0].state)}"


def _which(known: list[DeviceOutcome], wanted: str) -> str:
    matched = [o for o in known if fits(o, wanted)]
    return f"{_subjects(matched)} {_as_asked(matched, wanted)}" if matched else "None"


def _how_many(known: list[DeviceOutcome], wanted: str) -> str:
    matched = [o for o in known if fits(o, wanted)]
    if not matched:
        return "None"
    return f"{len(matched)}: {listed(the(o.device_name) for o in matched)}"


COMPARING: dict[str, Callable[[list[DeviceOutcome], str], str]] = {
    "one_yesno": _yes_no,
    "any": _any,
    "all": _all,
    "which": _which,
    "how_many": _how_many,
}


def _as_asked(matched: list[DeviceOutcome], wanted: str) -> str:
    if matched[0].capability == "cover_position":
        return wanted
    return state_words(matched[0].capability, matched[0].state)


def _subjects(outcomes: list[DeviceOutcome]) -> str:
    names = listed(the(outcome.device_name) for outcome in outcomes)
    return f"{names} {'are' if len(outcomes) > 1 else _be(outcomes[0])}"


def _be(outcome: DeviceOutcome, *, past: bool = False) -> str:
    """Only covers are called in the plural (blinds, curtains)."""
    name = outcome.device_name.casefold()
    plural = outcome.capability == "cover_position" and name.endswith("s")
    if plural or name.endswith("lights"):
        return "were" if past else "are"
    return "was" if past else "is"


def _occupancy(understood: Understood, known: list[DeviceOutcome]) -> str:
    area = understood.slots.get("area")
    where = f" in the {plain(str(area))}" if area else ""
    if not any(outcome.state for outcome in known):
        return f"No, there is no motion{where}"
    if where:
        return f"Yes, there is motion{where}"
    moving = [outcome for outcome in known if outcome.state]
    return f"Yes, {listed(the(o.device_name) for o in moving)} sees motion"


def _value(outcome: DeviceOutcome, by_id: dict[str, Device], *, past: bool = False) -> str:
    name, state = the(outcome.device_name), outcome.state
    device = by_id.get(outcome.device_id)
    place = f"the {plain(device.area)}" if device and device.area else name
    value: Any = state
    be, have = ("was", "had") if past else ("is", "has")
    tell: dict[str, Callable[[], str]] = {
        "temperature": lambda: f"{place} {be} {degrees(value)}",
        "humidity": lambda: f"the humidity in {place} {be} {number(value)} percent",
        "illuminance": lambda: f"the light level in {place} {be} {number(value)} lux",
        "target_temperature": lambda: f"{name} {be} set to {degrees(value)}",
        "battery": lambda: f"the battery of {name} {be} at {number(value)} percent",
        "power": lambda: f"{name} {be} using {number(value)} watts",
        "energy": lambda: f"{name} {have} used {number(value)} kilowatt hours",
        "brightness": lambda: f"{name} {be} at {number(value)} percent",
    }
    other = f"{name} {_be(outcome, past=past)} {state_words(outcome.capability, state)}"
    tell |= words.values(name, place, value, past=past)
    return tell.get(outcome.capability, lambda: other)()


# --- words -----------------------------------------------------------------------------------


def _time(value: str) -> str:
    time = dt.time.fromisoformat(value)
    half = "AM" if time.hour < 12 else "PM"
    return f"It is {(time.hour - 1) % 12 + 1}:{time.minute:02d} {half}."


def _date(value: str) -> str:
    date = dt.date.fromisoformat(value)
    tail = "th" if 11 <= date.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(date.day % 10, "th")
    return f"It is {date:%A}, {date:%B} {date.day}{tail}, {date.year}."
