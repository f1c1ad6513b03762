"""S4: free text by every JSON post that takes some: clerks' dialogs, managers' acts, guides."""

from __future__ import annotations

import itertools

import httpx

from hall_server.hall import commands as c
from tests.hall_server.web.hall import PagedHall

_numbers = itertools.count(10_000_000)


def say_everywhere(hall: PagedHall, payload: str) -> int:
    """One payload in every text of every JSON post, each in a state in which it is taken; how many were."""
    hall.issue()
    hall.do(c.CallNext, "w02")
    hall.do(c.Arrive, "w02")
    taken = 0
    with hall.person("clerk") as clerk, hall.person("manager") as manager:
        at = "/api/windows/w02"
        ticket = hall.present("w02").id
        acts: tuple[tuple[httpx.Client, str, dict[str, object]], ...] = (
            (clerk, f"{at}/papers", {"papers": [payload]}),
            (clerk, f"{at}/help", {"about": payload}),
            (clerk, "/api/guide-calls", {"window": "w02", "about": payload}),
            (clerk, f"{at}/park", {"minutes": 5, "reason": payload}),
            (clerk, f"{at}/call-parked", {"ticket": ticket}),
            (clerk, f"{at}/arrive", {}),
            (clerk, f"{at}/transfer", {"service": "shebao", "note": payload}),
            (clerk, f"{at}/call-ticket", {"ticket": hall.issue(), "reason": payload}),
            (clerk, f"{at}/arrive", {}),
            (clerk, f"{at}/finish", {"outcome": "incomplete", "note": payload, "missing": [payload]}),
            (clerk, f"{at}/pause", {"reason": payload}),
            (manager, "/manager/do/window-open", {"window": "w02"}),
            (manager, "/manager/do/window-pause", {"window": "w02", "reason": payload}),
            (manager, "/manager/do/window-open", {"window": "w02"}),
            (manager, "/manager/do/guide", {"text": payload}),
            (manager, "/manager/do/notice", {"text": payload}),
            (manager, "/manager/do/ticket-cancel", {"subject": hall.issue(), "reason": payload[:60]}),
            (manager, "/manager/do/ticket-void", {"subject": hall.issue(), "reason": payload[:60]}),
            (manager, "/manager/do/station-close", {"subject": "kiosk-1", "reason": payload[:60]}),
        )
        for client, path, words in acts:
            answer = client.post(path, json={"request": f"say-{next(_numbers)}", **words})
            assert answer.status_code < 500, (path, payload, answer.text)
            taken += answer.status_code == 200
        guides = [
            k for k, v in hall.service.query(lambda h: dict(h.helps)).result(10).items() if not v.ended_ms
        ]
        for call in guides[:-1]:
            for kind in ("guide-calls", "help-calls"):
                words = {"request": f"say-{next(_numbers)}", "note": payload}
                answer = manager.post(f"/api/{kind}/{call}/end", json=words)
                assert answer.status_code < 500, answer.text
                taken += answer.status_code == 200
    return taken
