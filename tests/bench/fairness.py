"""Q7: the five calling rules side by side in the anchor hall at 1.6 times its load, 10 % and 35 % green.

The same people come under every rule. Writes docs/bench/calling-rules.md and docs/pictures/calling-rules.svg
with ``--write`` (the long form).

    python -m tests.bench.fairness [--long] [--write]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from hall_server.hall.plan import CallingKind, CallingRule
from tests.bench.anchor import AnchorDay, Scenario

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


# ---------------------------------------------------------------- the plot

_WIDTH, _ROW, _LEFT, _BAND = 920, 46, 170, 14


def plot(by_share: dict[float, list[Figures]]) -> str:
    """Bars of green and normal p95 with a tick at the worst, as SVG written by hand."""
    top = max(one.normal[2] for found in by_share.values() for one in found)
    top = max(top, max(one.green[2] for found in by_share.values() for one in found))
    scale = (_WIDTH - _LEFT - 60) / top
    parts: list[str] = []
    y = 30
    for share, found in by_share.items():
        parts.append(
            _text(16, y, f"{share:.0%} green, {LOAD} x load: p95 (bar) and worst (line), minutes", 17)
        )
        y += 16
        limit = _LEFT + 1.15 * found[0].normal[1] * scale
        parts.append(
            f'<line x1="{limit:.0f}" x2="{limit:.0f}" y1="{y}" y2="{y + _ROW * len(found)}" '
            'stroke="#b3261e" stroke-dasharray="5 4"/>'
        )
        for one in found:
            parts.append(_text(16, y + 24, one.rule, 15))
            parts += _bar(y + 4, one.green, scale, "#1b8a5a") + _bar(y + 22, one.normal, scale, "#3b6fb6")
            y += _ROW
        y += 34
    parts.append(_text(16, y, "green: green lane; blue: normal; red: normal p95 of first come + 15 %", 14))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 20}" '
        f'font-family="sans-serif">\n<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _text(x: float, y: float, text: str, size: int) -> str:
    halo = 'stroke="#fff" stroke-width="4" paint-order="stroke"'
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="#1a1a1a" {halo}>{text}</text>'


def _bar(y: float, three: tuple[float, float, float], scale: float, colour: str) -> list[str]:
    _, high, worst = three
    end, far = _LEFT + high * scale, _LEFT + worst * scale
    return [
        f'<rect x="{_LEFT}" y="{y}" width="{high * scale:.1f}" height="{_BAND}" fill="{colour}"/>',
        f'<line x1="{end:.1f}" x2="{far:.1f}" y1="{y + 7}" y2="{y + 7}" stroke="{colour}"/>',
        f'<line x1="{far:.1f}" x2="{far:.1f}" y1="{y}" y2="{y + _BAND}" stroke="{colour}" stroke-width="2"/>',
        _text(far + 6, y + 12, f"{high:.0f} / {worst:.0f}", 12),
    ]


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
        (ROOT / "docs/pictures/calling-rules.svg").write_text(plot(by_share), encoding="utf-8")
        (ROOT / "docs/bench/calling-rules.md").write_text(_page(text, seeds), encoding="utf-8")
    both = [
        name
        for i, name in enumerate(RULES)
        if all(meets(share, found[i], found[0]) for share, found in by_share.items())
    ]
    print(f"Q7: {len(both)} rules meet both shares: {', '.join(both) or 'none'} (bar >= 1 rule)")


def _page(text: str, seeds: range) -> str:
    command = "python -m tests.bench.fairness --long --write"
    return (
        "# Calling rules side by side (Q7)\n\n"
        f"Written by `{command}`; {len(seeds)} days (seeds {seeds[0]}-{seeds[-1]}) of the anchor hall, the\n"
        "same people under every rule; pauses fall differently, because clerks act differently.\n\n"
        f"{text}\n\n![p95 and worst under each rule](../pictures/calling-rules.svg)\n\n"
        "Bar Q7: at 10 % green p95 of green <= 5 min and p95 of normal <= first come + 15 %; at 35 % p95\n"
        "and worst of normal <= first come + 15 %. What follows from it: [forecast.md](forecast.md).\n"
    )


if __name__ == "__main__":
    main()
