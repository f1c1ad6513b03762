"""Q7: the five calling rules side by side in the anchor hall at 1.6 times its load, 10 % and 35 % green.

The same people come under every rule. Writes docs/bench/calling-rules.md and docs/pictures/calling-rules.png
with ``--write`` (the long form).

    python -m tests.bench.fairness [--long] [--write]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from hall_server.hall.plan import CallingKind, CallingRule
from tests.bench.anchor import AnchorDay, Scenario
from tests.bench.rules_plot import Line, Panel, draw

LOAD = 1.6
SEEDS_SHORT, SEEDS_LONG = range(301, 304), range(301, 331)
ROOT = Path(__file__).parents[2]
RULES = {
    "first come": CallingRule(CallingKind.FIRST_COME),
    "strict": CallingRule(CallingKind.STRICT),
    "strict, 20 % share": CallingRule(CallingKind.STRICT, green_share_percent=20),
    "accumulating x3": CallingRule(CallingKind.ACCUMULATING, green_weight=3.0),
    "ratio 2:1": CallingRule(CallingKind.RATIO, ratio=2, ratio_normal=1),
    "ratio 1:1": CallingRule(CallingKind.RATIO, ratio=1, ratio_normal=1),
    "ratio 1:3": CallingRule(CallingKind.RATIO, ratio=1, ratio_normal=3),
    "aged 20": CallingRule(CallingKind.AGED, aged_minutes=20),
    "aged 120": CallingRule(CallingKind.AGED, aged_minutes=120),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Minutes of wait over all seeds."""

    rule: str
    green: tuple[float, float, float]
    normal: tuple[float, float, float]


def figures(name: str, share: float, seeds: range) -> Figures:
    """p50, p95 and the worst of green and of normal people under a rule."""
    green: list[float] = []
    normal: list[float] = []
    for seed in seeds:
        scenario = Scenario(load=LOAD, green=share, rule=RULES[name])
        for wait in AnchorDay(seed, scenario).run():
            (green if wait.green else normal).append(wait.minutes)
    return Figures(name, _three(green), _three(normal))


def _three(minutes: list[float]) -> tuple[float, float, float]:
    minutes.sort()
    return minutes[len(minutes) // 2], minutes[len(minutes) * 19 // 20], minutes[-1]


def meets(share: float, one: Figures, first_come: Figures) -> bool:
    """Bar Q7 at this share of green."""
    if share < 0.2:
        return one.green[1] <= 5 and one.normal[1] <= 1.15 * first_come.normal[1]
    return all(one.normal[i] <= 1.15 * first_come.normal[i] for i in (1, 2))


def table(share: float, found: list[Figures]) -> str:
    """The rules as a Markdown table."""
    lines = [
        f"{share:.0%} green, {LOAD} x load (minutes)",
        "",
        "| rule | green p50 | p95 | worst | normal p50 | p95 | worst | normal p95 / first come | Q7 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        cells = [f"{value:.1f}" for value in (*one.green, *one.normal)]
        ratio = one.normal[1] / found[0].normal[1]
        verdict = "met" if meets(share, one, found[0]) else "no"
        lines.append(f"| {one.rule} | {' | '.join(cells)} | {ratio:.2f} | {verdict} |")
    return "\n".join(lines)


def plot(by_share: dict[float, list[Figures]], to: Path) -> None:
    """The same as a picture: p95 as a bar, the worst as a line."""
    panels = [
        Panel(
            title=f"{share:.0%} green, {LOAD} x load: p95 (bar) and worst (line) of the wait",
            lines=[
                Line(one.rule, one.green[1:], one.normal[1:], meets(share, one, found[0])) for one in found
            ],
            green_limit=5 if share < 0.2 else 0,
            normal_limit=1.15 * found[0].normal[1],
        )
        for share, found in by_share.items()
    ]
    draw(panels, to)


def main() -> None:
    """Print the tables; write them and the plot when asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    seeds = SEEDS_LONG if given.long else SEEDS_SHORT
    by_share = {share: [figures(name, share, seeds) for name in RULES] for share in (0.10, 0.35)}
    text = "\n\n".join(table(share, found) for share, found in by_share.items())
    print(text)
    if given.write:
        plot(by_share, ROOT / "docs/pictures/calling-rules.png")
        (ROOT / "docs/bench/calling-rules.md").write_text(_page(text, seeds), encoding="utf-8")
    both = [
        name
        for i, name in enumerate(RULES)
        if all(meets(share, found[i], found[0]) for share, found in by_share.items())
    ]
    bar = "bar >= 1 rule" if given.long else "three days are too few to judge the bar: --long"
    print(f"Q7: {len(both)} rules meet both shares: {', '.join(both) or 'none'} ({bar})")


def _page(text: str, seeds: range) -> str:
    command = "python -m tests.bench.fairness --long --write"
    return (
        "# Calling rules side by side (Q7)\n\n"
        f"Written by `{command}`; {len(seeds)} days (seeds {seeds[0]}-{seeds[-1]}) of the anchor hall, the\n"
        "same people under every rule; pauses fall differently, because clerks act differently.\n\n"
        f"{text}\n\n![p95 and worst under each rule](../pictures/calling-rules.png)\n\n"
        "Bar Q7: at 10 % green p95 of green <= 5 min and p95 of normal <= first come + 15 %; at 35 % p95\n"
        "and worst of normal <= first come + 15 %. What follows from it: [estimate.md](estimate.md).\n"
    )


if __name__ == "__main__":
    main()
