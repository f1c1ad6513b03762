"""Bar V3: ten calls at once through a virtual sink, captured and compared; then the sound server is killed.

``python -m tests.bench.voice_sink [--long]``. The short form speaks noise in place of words (seconds); the
long form renders and speaks real calls. Bus in memory, everything else as in a hall.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from time import monotonic

from assets import PROJECT
from assets.speech.pack import ClipStore
from assets.speech.render import Wishes, render
from assets.speech.sound import STREAM_BYTES_PER_SECOND
from assets.speech.wording import call_parts
from contract import station
from contract.blobs import BlobStore
from contract.messages import Presence
from devices.drivers import speaker as driver
from queue_display import voice
from queue_display.clips import ClipLibrary
from queue_display.voice import AnnounceSection
from tests.queue_display.voices import Hall, announcing, fill
from tests.sinks import RATE, VirtualSink, eventually, find, missing, mono

NUMBERS = tuple(f"{'ABCF'[index % 4]}{index * 97 % 1000:03d}" for index in range(1, 11))
AUDIBLE = 0.003


def main() -> None:
    """Print the figures, the bar last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="real voice instead of noise")
    options = parser.parse_args()
    if missing():
        raise SystemExit(f"not installed: {missing()}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sink = VirtualSink(root)
        os.environ.update(sink.environment)
        sink.start()
        try:
            measure(sink, root, clip_folder(root, real=options.long))
        finally:
            sink.kill()


def clip_folder(root: Path, *, real: bool) -> Path:
    """A pack with all that the ten calls need."""
    parts = [part for number in NUMBERS for part in call_parts(number, "3号窗口")]
    if not real:
        fill(ClipStore(root / "pack"), *parts)
        return root / "pack"
    from assets.speech.synthesis import Synthesiser

    folder = PROJECT / "var" / "speech" / "clips"
    render(ClipStore(folder), Synthesiser(), Wishes(parts), print)
    return folder


def measure(sink: VirtualSink, root: Path, pack: Path) -> None:
    """Ten calls, then a crash."""
    speaker = driver.build(driver.Options(backend="pulse"))
    section = AnnounceSection(readings=1, clips=str(pack))
    station.HEALTH_SECONDS = voice.TICK_SECONDS = 0.1
    hall = Hall()
    hall.beat()
    with announcing(hall, speaker, root / "cache", section):
        hall.wait_presence(Presence.READY)
        eventually(lambda: bool(hall.healths) and hall.healths[-1].devices[0].state == "ready")
        with sink.recording() as recording:
            begun = recording.seconds()
            for number in NUMBERS:
                hall.call(f"c-{number}", number)
            wanted = [words(pack, number) for number in NUMBERS]
            until = begun + 1.5 + sum(len(pcm) for pcm in wanted) / STREAM_BYTES_PER_SECOND + 3
            eventually(lambda: recording.seconds() > until, seconds=120)
            heard = recording.samples()
        places = [find(mono(pcm), heard) for pcm in wanted]
        first = (abs(heard) > AUDIBLE).argmax() / RATE - begun
        back, replayed = crash(sink, hall, pack)
    hall.bus.close()
    starts = [at for at, _ in places]
    gaps = [
        after - before - len(mono(pcm)) / RATE
        for before, after, pcm in zip(starts, starts[1:], wanted, strict=False)
    ]
    print(
        f"load {os.getloadavg()[0]:.1f}; correlation of each call: " + " ".join(f"{a:.3f}" for _, a in places)
    )
    print(f"order kept: {starts == sorted(starts)}; overlaps: {sum(gap < -0.001 for gap in gaps)}")
    print(f"pause between calls beyond the planned one: {max(gaps) * 1000:.0f} ms at most")
    print(f"V3 first sound: {first * 1000:.0f} ms (bar < 300 ms)")
    print(f"V3 sound server killed, back: {back:.1f} s (bar < 5 s); its call replayed: {replayed:.3f}")
    print(f"V3: {min(a for _, a in places):.3f} lowest correlation (bar >= 0.95)")


def crash(sink: VirtualSink, hall: Hall, pack: Path) -> tuple[float, float]:
    """SIGKILL in the middle of a call, restart at once: seconds to ready; how well its repeat was heard."""
    hall.call("c-crash", NUMBERS[0])
    hall.wait_counter("started", len(NUMBERS) + 1)
    killed = monotonic()
    sink.kill()
    sink.start()
    hall.wait_presence(Presence.ALERT)
    with sink.recording() as recording:
        hall.wait_presence(Presence.READY)
        back = monotonic() - killed
        until = recording.seconds() + 8
        eventually(lambda: recording.seconds() > until, seconds=60)
        return back, find(mono(words(pack, NUMBERS[0])), recording.samples())[1]


def words(pack: Path, number: str) -> bytes:
    """What a call sounds like without chime."""
    library = ClipLibrary(BlobStore(pack / "none"), lambda: "", lambda: None)
    library.open(pack)
    library.close()
    return library.utterance(call_parts(number, "3号窗口"), with_chime=False)


if __name__ == "__main__":
    main()
