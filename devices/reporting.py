"""A device as it is reported to the hall: the wire's form of its health, in one place for all stations."""

from __future__ import annotations

from collections.abc import Mapping

from contract.messages import DeviceHealth
from contract.messages import Owner as WireOwner
from devices.health import Health, condition


def reported(health: Health, *, since_ms: int, counters: Mapping[str, int]) -> DeviceHealth:
    """The gravest fault, the one word for it all, and the counters; ``since_ms`` is hall time, 0 unknown."""
    fault = health.fault
    return DeviceHealth(
        name=health.name,
        kind=health.kind.value,
        state=health.state.value,
        sentence=fault.sentence if fault else "",
        action=fault.action if fault else "",
        owner=WireOwner(fault.owner.value) if fault else WireOwner.NOBODY,
        since_ms=since_ms,
        identity=health.identity,
        condition=condition(health).value,
        counters=dict(counters),
    )
