"""Small halls for tests, and commands drawn at random."""

from __future__ import annotations

from hall_server.hall.plan import Board, NoShowPolicy, Plan, Rules, Service, ServiceWindow, Zone


def small_plan(policy: NoShowPolicy = NoShowPolicy.END, *, windows: int = 3, closes: str = "23:59") -> Plan:
    """Two zones, three services, ``windows`` windows: the first does everything, the others two each."""
    hours, minutes = closes.split(":")
    services = {
        "tax": Service("tax", "办税服务", "east", "B", mean_minutes=10.0),
        "social": Service("social", "社保医保", "east", "C", mean_minutes=8.0),
        "police": Service("police", "户政", "west", "L", mean_minutes=6.0, width=2),
    }
    names = list(services)
    made = {}
    for i in range(1, windows + 1):
        wanted = tuple(names) if i == 1 else (names[i % 3], names[(i + 1) % 3])
        made[f"w{i}"] = ServiceWindow(f"w{i}", f"{i}号窗口", f"{i}号窗口", "east", wanted, True)
    return Plan(
        id="test",
        name="测试大厅",
        rules=Rules(no_show_policy=policy, day_closes_minute=int(hours) * 60 + int(minutes)),
        zones={"east": Zone("east", "东区"), "west": Zone("west", "西区")},
        services=services,
        windows=made,
        boards={"hall": Board("hall", "叫号", ("east", "west"))},
    )
