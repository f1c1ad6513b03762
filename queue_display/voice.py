"""The voice of one sound zone: queue, clips and loudspeaker, owned by one thread.

Bus, loudspeaker and clips only post to that thread. It speaks from the first second: with the chime
alone until clips are there, and says so in its health.
"""

from __future__ import annotations

import logging
import queue
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from time import monotonic, monotonic_ns

import msgspec
from msgspec import structs

from contract import topics
from contract.blobs import BlobFollower, BlobStore
from contract.call_reports import CallReporter
from contract.messages import Broadcast, Call, CallDrop, CallFate, Presence, TicketStatus, WindowState
from contract.station import Station
from contract.topics import Identifier
from devices.health import Health
from devices.ports import Speaker, State
from devices.reporting import reported
from devices.supervisor import Supervised
from queue_display import announcer as rules
from queue_display import confirming
from queue_display.broadcasts import BroadcastSounds
from queue_display.clips import ClipLibrary, first_sound_seconds
from queue_display.passages import Became, Outcome
from queue_display.posted import Ended, Got, Handed, Heard, News, Posted, Stop

log = logging.getLogger(__name__)

PACK = "clips"
TICK_SECONDS = 0.5
HEARTBEAT_SECONDS = 0.5
NUDGE_SECONDS = 1.0
PLAY_LIMIT_SECONDS = 2.0


class AnnounceSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[announce]``: whose calls are spoken here: those of a board, or only of some of its zones.

    ``clips`` is a folder with a clip pack on this machine, for a hall that serves none.
    """

    board: Identifier = "hall"
    zones: tuple[Identifier, ...] = ()
    readings: int = 2
    late_seconds: int = 45
    clips: str = ""


class Announcer:
    """Wires queue, clips and loudspeaker of one sound zone. ``run`` until ``stop``."""

    def __init__(
        self,
        station: Station,
        speaker: Speaker,
        section: AnnounceSection,
        cache: Path,
        *,
        timing: Path | None = None,
    ) -> None:
        self._station, self._section, self._timing = station, section, timing
        self._reporter = CallReporter(station.bus, station.clock)
        self._muted = speaker.capabilities.muted
        self._inbox: queue.SimpleQueue[Posted] = queue.SimpleQueue()
        self._supervised = Supervised(
            "speaker", speaker, self._inbox.put, heartbeat_seconds=HEARTBEAT_SECONDS
        )
        store = BlobStore(cache / "blobs")
        self._library = ClipLibrary(store, self._base, lambda: self._inbox.put(News()))
        self._pack = BlobFollower(station.bus, store, PACK, lambda _, path: self._library.announce(path))
        self._sounds = BroadcastSounds(
            store, self._library, self._base, lambda name: self._inbox.put(Got(name))
        )
        self._early: list[Broadcast] = []
        self._state = rules.State(rules.Rules(late_ms=section.late_seconds * 1000, readings=section.readings))
        self._health = self._supervised.health
        self._since_ms = 0
        self._presence = Presence.INIT
        self._nudge_at = 0.0
        self._sound = 0
        self._heard_ns: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        station.bus.on(topics.BOARD_CALL, self._hear, board=section.board)
        station.bus.on(topics.WINDOW, lambda window, _: self._inbox.put(window))
        station.bus.on(
            topics.STATION_BROADCAST, lambda said, _: self._inbox.put(said), station=station.bus.station
        )

    def run(self) -> None:
        """Serve until ``stop``; then everything in mirrored order."""
        folder = Path(self._section.clips) if self._section.clips else None
        self._library.open(folder)
        self._sounds.open()
        self._supervised.start()
        self._reporter.open()
        self._station.open()
        self._pack.open()
        self._report()
        self._present(Presence.READY)
        try:
            while self._turn():
                pass
        finally:
            self._pack.close()
            self._supervised.stop()
            self._sounds.close()
            self._library.close()
            self._reporter.close()
            self._station.close()

    def stop(self) -> None:
        """End ``run``; from any thread or a signal handler."""
        self._inbox.put(Stop())

    # ------------------------------------------------------------ posting

    def _hear(self, call: Call, _ids: dict[str, str]) -> None:
        if not self._section.zones or call.zone in self._section.zones:
            self._inbox.put(Heard(call, monotonic_ns()))

    def _base(self) -> str:
        server = self._station.server
        return server.http if server is not None else ""

    # ------------------------------------------------------------ the one thread

    def _turn(self) -> bool:
        try:
            posted = self._inbox.get(timeout=TICK_SECONDS)
        except queue.Empty:
            posted = News()
        match posted:
            case Stop():
                return False
            case Heard():
                self._called(posted)
            case WindowState(call=call, ticket_status=TicketStatus.SERVING) if call:
                self._step(rules.Arrived(call))
            case Broadcast():
                self._broadcast(posted)
            case Got(broadcast):
                self._step(rules.Fetched(broadcast))
            case Ended(sound, heard):
                if sound == self._sound:
                    self._step(rules.Spoken(heard))
            case Handed():
                self._note_timing(posted)
            case Health():
                self._speaker_changed(posted)
            case News():
                for early in self._take_early():
                    self._broadcast(early)
                self._step(rules.Tick())
                self._report()
                self._bring_back()
        return True

    def _called(self, heard: Heard) -> None:
        """Only what can be spoken now goes into the queue; without any clip it is the chime alone."""
        call = heard.call
        speakable = tuple(say for say in call.say if self._library.has(say.parts))
        if call.say and not speakable and not call.silent:
            self._counts["chime_only"] += 1
            log.info("%s is chimed only: its clips are not here yet", call.number)
        if self._timing is not None:
            self._heard_ns[call.call] = heard.at_ns
        self._step(rules.Called(structs.replace(call, say=speakable)))

    def _broadcast(self, broadcast: Broadcast) -> None:
        """Taken when hall time is known, which it soon is: the hall that sends this beats too."""
        if self._station.clock.now_ms() is None:
            self._early.append(broadcast)
            return
        self._step(rules.Announced(broadcast))
        if not broadcast.stop and self._state.programme.find(broadcast.broadcast) is not None:
            self._sounds.want(broadcast)

    def _take_early(self) -> list[Broadcast]:
        early, self._early = self._early, []
        return early

    def _step(self, event: rules.Event) -> None:
        """Better silent than late: without hall time nothing is taken in."""
        now = self._station.clock.now_ms()
        if now is None:
            if isinstance(event, rules.Called):
                log.warning("%s is not spoken: hall time is unknown", event.call.number)
                self._reporter.note(event.call.call, CallFate.DROPPED, CallDrop.NO_TIME)
            if not isinstance(event, rules.Sound | rules.Spoken):
                return
            now = 0
        self._state, effects = rules.step(self._state, event, now)
        for effect in effects:
            match effect:
                case rules.Speak():
                    self._speak(effect)
                case rules.SpeakPassage(passage):
                    self._play(self._sounds.sound(passage), f"broadcast{passage.index + 1}")
                case rules.Silence():
                    self._supervised.submit(lambda speaker: speaker.silence(), PLAY_LIMIT_SECONDS)
                case Became():
                    self._became(effect)
                case rules.Told():
                    self._told(effect, now)

    def _speak(self, speak: rules.Speak) -> None:
        utterance = speak.utterance
        pcm = self._library.utterance(utterance.parts, with_chime=speak.chime)
        delay_ns = int(first_sound_seconds(pcm) * 1e9)

        def started() -> None:
            self._inbox.put(Handed(utterance.call, monotonic_ns() + delay_ns))

        self._play(pcm, utterance.number, started)

    def _play(self, pcm: bytes, label: str, started: Callable[[], None] | None = None) -> None:
        self._sound += 1
        sound = self._sound

        def done(heard: bool) -> None:
            self._inbox.put(Ended(sound, heard))

        def played(future: Future[None]) -> None:
            if future.exception() is not None:
                done(False)

        def play(speaker: Speaker) -> None:
            speaker.play(pcm, done=done, started=started, label=label)

        self._supervised.submit(play, PLAY_LIMIT_SECONDS).add_done_callback(played)

    def _told(self, told: rules.Told, now_ms: int) -> None:
        utterance, reason = told.utterance, told.reason
        if found := confirming.of_voice(told, muted=self._muted):
            self._reporter.note(found.call, found.fate, found.why)
        name = f"{utterance.number} ({utterance.lang or 'chime'}, reading {utterance.reading})"
        self._counts[f"dropped_{reason}" if reason else str(told.story)] += 1
        lag = (now_ms - utterance.at_ms) / 1000
        if told.story is rules.Story.DROPPED:
            log.info("%s is not spoken: %s", name, reason)
        else:
            log.info("%s %s, %.2f s after its call", name, told.story, lag)
        if told.story is rules.Story.STARTED and utterance.reading == 1:
            self._counts["lag_ms_last"] = int(lag * 1000)
            self._counts["lag_ms_max"] = max(self._counts["lag_ms_max"], int(lag * 1000))

    def _became(self, became: Became) -> None:
        self._counts[f"broadcasts_{became.outcome}"] += 1
        log.info("broadcast %s: %s, reading %d", became.broadcast, became.outcome, became.reading)
        found = confirming.of_broadcast(became, muted=self._muted)
        self._reporter.note(found.call, found.fate, found.why)
        if became.outcome is not Outcome.HEARD:
            self._sounds.forget(became.broadcast)

    # ------------------------------------------------------------ loudspeaker and health

    def _speaker_changed(self, health: Health) -> None:
        before, self._health = self._health, health
        if before.state is not health.state:
            self._since_ms = self._station.clock.now_ms() or 0
        if health.usable and not before.usable:
            log.info("the loudspeaker works: %s", health.identity)
        if health.state not in (State.OPENING, State.IDENTIFYING):
            self._present(Presence.READY if health.usable else Presence.ALERT)
        self._step(rules.Sound(health.usable))
        self._report()

    def _present(self, presence: Presence) -> None:
        if presence is not self._presence:
            self._presence = presence
            self._station.present(presence)

    def _bring_back(self) -> None:
        """A hall without its voice does not wait for the longest back-off."""
        if self._health.state in (State.ABSENT, State.BACKING_OFF) and monotonic() >= self._nudge_at:
            self._nudge_at = monotonic() + NUDGE_SECONDS
            self._supervised.nudge()

    def _report(self) -> None:
        have, wanted = self._library.progress
        if self._state.programme.holds_calls:
            showing = "紧急广播中，叫号暂不播报"
        elif have == 0:
            showing = "语音片段准备中，叫号先用提示音"
        else:
            showing = "语音就绪" if have >= wanted else f"语音片段准备中（{have}/{wanted}）"
        speaker = reported(self._health, since_ms=self._since_ms, counters=self._supervised.counters)
        counters = {**self._counts, "waiting": self._state.waiting, "clips": have}
        self._station.report(devices=(speaker,), showing=showing, counters=counters)

    def _note_timing(self, handed: Handed) -> None:
        """A line: when the first sample was handed over, the call, when its message came; monotonic ns."""
        received = self._heard_ns.pop(handed.call, None)
        if self._timing is None or received is None:
            return
        with self._timing.open("a", encoding="utf-8") as file:
            file.write(f"{handed.at_ns}\t{handed.call}\t{received}\n")
