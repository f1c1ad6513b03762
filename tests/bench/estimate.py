"""Q6: how well the waiting estimate tells the wait in the anchor hall, on days never used for tuning.

Compared for every number at its issue: people ahead in my service x its mean / its windows; (all ahead + 1)
x mean / open windows; LES (the wait of the last one called of my service); HOL (how long the first in my
queue has waited); the replay of the real rules with means and with samples; ``wait_range``'s middle. The
interval is calibrated on days before. Prints share covered and how many wait > 5 min longer than told.

    python -m tests.bench.estimate [--long]          the pure function
    python -m tests.bench.estimate_served [--long]   as told by the running service
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass

from contract.messages import WindowStatus
from hall_server.hall.calling import ahead
from hall_server.hall.day import MINUTE_MS
from hall_server.hall.forecast import Forecast, forecast
from hall_server.hall.habits import Calibration, Habits, Probe, calibrated
from hall_server.hall.learning import DayFold
from hall_server.hall.model import Hall, Ticket
from hall_server.hall.quick import wait_range
from hall_server.hall.waits import rounded
from tests.bench.anchor import SERVICES, AnchorDay, Scenario

SAMPLES = 16
TUNED = range(1, 5), range(1, 11)
UNSEEN = range(501, 504), range(501, 521)
MEAN = sum(mean * share for mean, share, _ in SERVICES.values())


@dataclass(frozen=True, slots=True)
class Row:
    """What each estimator said about one number, in minutes, and what came."""

    by_service: float
    by_hall: float
    les: float
    hol: float
    means: Forecast
    drawn: Forecast
    cheap: tuple[float, float] | None
    took_ms: float
    ticket: str


class Watcher:
    """Asks all estimators whenever a number is issued; learns clerks' speeds as the day goes."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.fold = DayFold()

    def issued(self, hall: Hall, ticket_id: str, now_ms: int) -> None:
        """One row; a number that no window will take is left out (there is none in this hall)."""
        ticket = hall.tickets[ticket_id]
        habits = Habits(speeds=self.fold.speeds)
        means = forecast(hall, ticket_id, now_ms, habits=habits, samples=0)
        began = time.perf_counter()
        drawn = forecast(hall, ticket_id, now_ms, habits=habits, samples=SAMPLES, seed=len(self.rows))
        took_ms = (time.perf_counter() - began) * 1000
        if means is None or drawn is None:
            return
        people = ahead(hall, ticket, now_ms)
        mean = hall.plan.services[ticket.service].mean_minutes
        open_ = sum(now.status is WindowStatus.OPEN for now in hall.windows.values())
        everyone = sum(hall.waiting.values()) - 1
        self.rows.append(
            Row(
                by_service=people * mean / len(hall.windows_for(ticket.service)),
                by_hall=(everyone + 1) * MEAN / max(1, open_),
                les=last_called(hall, ticket.service),
                hol=_head(hall, ticket, now_ms),
                means=means,
                drawn=drawn,
                cheap=wait_range(hall, ticket.service, people),
                took_ms=took_ms,
                ticket=ticket_id,
            )
        )


def last_called(hall: Hall, service: str) -> float:
    """LES: how long the last one called of this service had waited, in minutes."""
    for row in hall.recent:
        if row.service == service:
            return (row.called_ms - hall.tickets[row.ticket].issued_ms) / MINUTE_MS
    return 0.0


def _head(hall: Hall, ticket: Ticket, now_ms: int) -> float:
    first = hall.heads(ticket.service, 1)
    return (now_ms - hall.tickets[first[0]].issued_ms) / MINUTE_MS if first else 0.0


def days(seeds: range) -> list[tuple[Row, float]]:
    """Rows with the minutes that it really took."""
    found: list[tuple[Row, float]] = []
    for seed in seeds:
        watcher = Watcher()
        day = AnchorDay(seed, Scenario(), watcher.issued, watcher.fold.add)
        day.run()
        found += [(row, day.waits[row.ticket].minutes) for row in watcher.rows]
    return found


def rmse(pairs: list[tuple[float, float]]) -> float:
    """Root of the mean square of what was said less what came."""
    return math.sqrt(sum((said - came) ** 2 for said, came in pairs) / len(pairs))


def told(one: Forecast, fit: Calibration) -> Forecast:
    """The forecast as it is told after calibration."""
    mean = one.mean * fit.bias
    low, high = mean + fit.low * one.spread, mean + fit.high * one.spread
    return Forecast(mean, one.spread, max(0.0, low), one.middle * fit.bias, max(0.0, low, high))


def main() -> None:
    """Print the estimators side by side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    long = parser.parse_args().long
    before = days(TUNED[long])
    fit = calibrated([Probe(row.drawn.mean, row.drawn.spread, came) for row, came in before])
    fit_means = calibrated([Probe(row.means.mean, row.means.spread, came) for row, came in before])
    rows = days(UNSEEN[long])
    print(f"{len(rows)} numbers of {len(UNSEEN[long])} unseen days, calibrated on {len(TUNED[long])} others")
    print(f"calibration: bias {fit.bias:.2f}, low {fit.low:.2f}, high {fit.high:.2f} spreads")
    errors = _errors(rows, fit, fit_means)
    for name, error in errors.items():
        print(f"  RMSE {error:6.2f} min  {name}")
    _intervals(rows, fit)
    took = sorted(row.took_ms for row, _ in rows)
    print(
        f"cost of one sampled answer: p50 {took[len(took) // 2]:.1f}, p95 {took[len(took) * 19 // 20]:.1f} ms"
    )
    ours, formula = errors["replay, sampled"], min(errors["by service"], errors["by hall"])
    print(f"LES: {ours / errors['LES']:.2f} x (bar <= 0.40)")
    print(f"Q6: {ours / formula:.2f} x the better formula (bar <= 0.55)")


def _errors(rows: list[tuple[Row, float]], fit: Calibration, fit_means: Calibration) -> dict[str, float]:
    return {
        "by service": rmse([(row.by_service, came) for row, came in rows]),
        "by hall": rmse([(row.by_hall, came) for row, came in rows]),
        "LES": rmse([(row.les, came) for row, came in rows]),
        "HOL": rmse([(row.hol, came) for row, came in rows]),
        "wait_range, middle": rmse([(sum(row.cheap) / 2, came) for row, came in rows if row.cheap]),
        "replay, means": rmse([(told(row.means, fit_means).mean, came) for row, came in rows]),
        "replay, sampled": rmse([(told(row.drawn, fit).mean, came) for row, came in rows]),
    }


def _intervals(rows: list[tuple[Row, float]], fit: Calibration) -> None:
    ours = [(told(row.drawn, fit), came) for row, came in rows]
    waited = [(one, came) for one, came in ours if came > 0.5]
    cheap = [(row.cheap, came) for row, came in rows if row.cheap]
    covered = share([one.low <= came <= one.high for one, came in ours])
    print(f"P10-P90 covers {covered:.1%} of all (bar 80 +- 4), {_covered(waited):.1%} of those who waited")
    print(f"  > 5 min longer than P90: {share([came > one.high + 5 for one, came in ours]):.1%}")
    ranges = [(ends(rounded(one.low, one.high)), came) for one, came in ours]
    inside = share([low <= came <= high for (low, high), came in ranges])
    late = share([came > high + 5 for (_, high), came in ranges])
    closed = [high - low for (low, high), _ in ranges if high < math.inf]
    wide = sum(closed) / len(closed)
    print(
        f"citizen's range covers {inside:.1%}, is {wide:.1f} min wide; > 5 min longer {late:.1%} (bar <= 10)"
    )
    inside = share([low <= came <= high for (low, high), came in cheap])
    late = share([came > high + 5 for (_, high), came in cheap])
    wide = sum(high - low for (low, high), _ in cheap) / len(cheap)
    print(f"wait_range covers {inside:.1%}, is {wide:.1f} min wide; > 5 min longer {late:.1%} (bar <= 10)")


def ends(told_range: tuple[int, int | None]) -> tuple[float, float]:
    """A range without an end holds everything above it."""
    low, high = told_range
    return low, math.inf if high is None else high


def _covered(ours: list[tuple[Forecast, float]]) -> float:
    return share([one.low <= came <= one.high for one, came in ours])


def share(true: list[bool]) -> float:
    """How many of these are true."""
    return sum(true) / len(true)


if __name__ == "__main__":
    main()
