"""Devices with a definition, made to speak the standard: zigpy's device resolver."""

from __future__ import annotations

from typing import Any

import pichat.zigbee.makers  # noqa: F401 -- registers the definitions
from pichat.zigbee.definition import Definition, find


def resolve(device: Any) -> Any:
    """Called by zigpy once a device has been interviewed, and for each one of its database before
    the values are loaded. Changes the device in place and returns it."""
    endpoints = getattr(device, "endpoints", None)
    if not endpoints:  # Green Power: it has no clusters
        return device
    definition = find(device.manufacturer, device.model)
    if definition is not None:
        device.skip_configuration = definition.skip_configuration
        _apply(definition, endpoints)
    return device


def _apply(definition: Definition, endpoints: Any) -> None:
    for number, classes in definition.servers.items():
        if endpoint := endpoints.get(number):
            for kind in classes:
                made = kind(endpoint, is_server=True)
                _inherit(made, endpoint.in_clusters.get(kind.cluster_id))
                endpoint.add_input_cluster(kind.cluster_id, made)
    for number, classes in definition.clients.items():
        if endpoint := endpoints.get(number):
            for kind in classes:
                made = kind(endpoint, is_server=False)
                _inherit(made, endpoint.out_clusters.get(kind.cluster_id))
                endpoint.add_output_cluster(kind.cluster_id, made)


def _inherit(made: Any, old: Any) -> None:
    """What was learnt in the interview, such as the model."""
    if old is not None:
        made._attr_cache_internal = old._attr_cache.clone(made)  # noqa: SLF001 -- as zigpy's clone
