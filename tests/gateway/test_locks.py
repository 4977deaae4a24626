from __future__ import annotations

from tests.gateway.screen import Screen


async def test_slots_are_told_by_name_and_only_of_locks(screen: Screen) -> None:
    told = (await screen.ask("get_lock_codes", {"device_id": "front door lock"}))["payload"]
    assert told["slots"] == 10
    assert told["codes"] == [{"slot": 3, "status": "enabled", "kind": "unrestricted"}]
    refused = await screen.ask("get_lock_codes", {"device_id": "Kitchen light"})
    assert refused["payload"]["code"] == "unsupported"
    missing = await screen.ask("get_lock_codes", {"device_id": "Nothing"})
    assert missing["payload"]["code"] == "not_found"
