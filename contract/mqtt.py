"""The bus over MQTT 5: the only place that knows paho.

One link thread owns connecting, watching and leaving; paho's own thread only enqueues. Each link is a
fresh paho client, so nothing but this module's bounded backlog remembers what is still to be sent.
"""

from __future__ import annotations

import logging
import math
import random
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import IPPROTO_TCP, SHUT_RDWR, TCP_NODELAY, socket

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from contract.delivery import Delivery
from contract.messages import Presence, ServerState
from contract.parcels import Backlog, Parcel
from contract.schema import BrokenPayload, decode
from contract.topics import SERVER, carries_state
from contract.watch import BeatWatch

log = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
RECONNECT_SECONDS = (0.1, 1.5)
REFUSED_SECONDS = (3.0, 5.0)
SESSION_SECONDS = 60
SHORT_LINK_SECONDS = 2.0
SHORT_LINKS = 3  # so many in a row: two programs of one name throw one another out
KEEPALIVE_SECONDS = 5
WATCH_SECONDS = 5.0
GOODBYE_SECONDS = 1.0
NO_SUBSCRIBERS = 16  # reason code of an acknowledgement
WINDOW = 20  # unacknowledged parcels; the broker's max_inflight_messages


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are; the password is never shown."""

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class BrokerNotFound(Exception):
    """Nobody knows at present where the broker is; ``str()`` says what the technician can do."""


@dataclass(slots=True)
class _Link:
    """One connection from CONNECT to its end."""

    client: Client
    answered: bool = False
    refusal: str = ""
    resumed: bool = False
    gone: str | None = None
    window: int = WINDOW
    subscribed: threading.Event = field(default_factory=threading.Event)
    linked_at: float = 0.0
    flying: dict[int, Parcel] = field(default_factory=dict)
    acks: deque[tuple[int, ReasonCode]] = field(default_factory=deque)


class MqttBus(Delivery):
    """Bus of one program on the hall's broker.

    ``locate`` says where the broker is; it is asked on the link thread before each attempt, may take its
    time and may raise BrokerNotFound.
    ``watch_seconds``: when the server's beat is missed for so long on a link that looks alive, the link
    is torn down (the broker may be frozen or the path cut); None never does. ``reconnect_seconds``: the
    pause before a new attempt is drawn from this range, anew each time; the hall server, alone and beside
    its broker, may use a shorter one.
    """

    def __init__(
        self,
        hall: str,
        station: str,
        locate: BrokerAddress | Callable[[], BrokerAddress],
        *,
        watch_seconds: float | None = WATCH_SECONDS,
        reconnect_seconds: tuple[float, float] = RECONNECT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(hall, station, monotonic=monotonic)
        self._locate = locate
        self._address = locate if isinstance(locate, BrokerAddress) else BrokerAddress("", 0, station)
        self._watch = BeatWatch(watch_seconds)
        self._reconnect_seconds = reconnect_seconds
        self._server_topic = SERVER.topic(hall)
        self._lock = threading.Lock()
        self._backlog = Backlog(self._dropped_out)
        self._link: _Link | None = None
        self._acknowledged: deque[Parcel] = deque()
        self._nudge = threading.Event()
        self._closing = False
        self._trouble = ""
        self._short_links = 0
        self._thread_of_link = threading.Thread(target=self._keep_linked, name=f"mqtt-{station}", daemon=True)

    @property
    def trouble(self) -> str:
        """Why there is no link, as a sentence for the technician, or ''."""
        return self._trouble

    def nodelay(self) -> bool:
        """Whether the socket of the present link sends small packets at once (TCP_NODELAY)."""
        with self._lock:
            sock = self._link.client.socket() if self._link else None
        return isinstance(sock, socket) and sock.getsockopt(IPPROTO_TCP, TCP_NODELAY) != 0

    def filters(self) -> list[str]:
        """Everything to subscribe to; the server's beat always."""
        return list(dict.fromkeys([*super().filters(), self._server_topic]))

    # ------------------------------------------------------------ hooks of Delivery

    def _connect(self) -> None:
        self._thread_of_link.start()

    def _disconnect(self) -> None:
        self._closing = True
        self._nudge.set()
        if self._thread_of_link.is_alive():
            self._thread_of_link.join(CONNECT_SECONDS + 2 * GOODBYE_SECONDS + 1)

    def _send(self, parcel: Parcel) -> None:
        with self._lock:
            if self._link is None:
                if not parcel.state:
                    self._count("dropped_out")
                return
            self._backlog.put(parcel)
            self._pump(self._link)
        self._settle()

    def _subscribe(self, filters: list[str]) -> None:
        with self._lock:
            if self._link is not None:
                link, options = self._link, SubscribeOptions(qos=1)
                link.subscribed.clear()
                link.client.subscribe([(name, options) for name in filters])

    def _await_subscribed(self) -> None:
        with self._lock:
            link = self._link
        if link is not None:
            link.subscribed.wait(CONNECT_SECONDS)

    def _dropped_out(self, count: int) -> None:
        self._count("dropped_out", count)

    # ------------------------------------------------------------ the link thread

    def _keep_linked(self) -> None:
        while not self._closing:
            slowly = True
            try:
                slowly = self._link_once()
            except Exception:
                log.exception("%s: linking failed in a way that nobody foresaw; it goes on", self._station)
                with self._lock:
                    self._link = None
            if not self._closing:
                self._pause(random.uniform(*(REFUSED_SECONDS if slowly else self._reconnect_seconds)))

    def _link_once(self) -> bool:
        """From an attempt to the end of its link; whether to try again slowly."""
        link = self._try_link()
        if link is None or link.refusal:
            return link is not None
        self._stay(link)
        return self._thrown_out(link)

    def _thrown_out(self, link: _Link) -> bool:
        """Whether links end so soon, again and again, that somebody else must be using our name.

        Who throws us out leaves a session behind; a broker that was restarted does not.
        """
        short = link.resumed and self._monotonic() - link.linked_at < SHORT_LINK_SECONDS
        self._short_links = self._short_links + 1 if short else 0
        if self._short_links < SHORT_LINKS:
            return False
        self._trouble = f"{self._trouble}; does another program run as {self._station}?"
        if self._short_links == SHORT_LINKS:
            log.warning("%s", self._trouble)
        return True

    def _pause(self, seconds: float) -> None:
        until = self._monotonic() + seconds
        while not self._closing and (left := until - self._monotonic()) > 0:
            self._nudge.wait(left)
            self._nudge.clear()

    def _try_link(self) -> _Link | None:
        """One attempt within twice CONNECT_SECONDS: a link, a refused link, or None when nothing answered."""
        try:
            if not isinstance(self._locate, BrokerAddress):
                self._address = self._locate()
            link = _Link(self._client())
            self._wire(link)
            link.client.connect(
                self._address.host,
                self._address.port,
                KEEPALIVE_SECONDS,
                clean_start=False,
                properties=_properties(PacketTypes.CONNECT, SessionExpiryInterval=SESSION_SECONDS),
            )
        except BrokerNotFound as error:
            self._note_trouble(str(error))
            return None
        except (OSError, ValueError) as error:
            self._note_trouble(f"the broker at {self._address} cannot be reached: {error}")
            return None
        link.client.loop_start()
        until = self._monotonic() + CONNECT_SECONDS
        while not (link.answered or link.gone or self._closing) and (left := until - self._monotonic()) > 0:
            self._nudge.wait(left)
            self._nudge.clear()
        if link.answered and not link.refusal:
            return link
        _tear(link)
        if link.refusal:
            who = f"the broker at {self._address} refuses {self._address.user}"
            self._note_trouble(f"{who}: {link.refusal}; is secret_file this station's own?")
            return link
        self._note_trouble(f"the broker at {self._address} does not answer")
        return None

    def _client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, self._station, protocol=MQTTv5, reconnect_on_failure=False
        )
        client.connect_timeout = CONNECT_SECONDS
        client.username_pw_set(self._address.user, self._address.password)
        if self._address.ca_file is not None:
            context = ssl.create_default_context(cafile=self._address.ca_file)
            if self._address.cert_file is not None:
                context.load_cert_chain(self._address.cert_file, self._address.key_file)
            client.tls_set_context(context)
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.state)
        return client

    def _wire(self, link: _Link) -> None:
        """Callbacks run on paho's thread: they note what happened and nudge, nothing else."""

        def on_connect(
            _client: Client,
            _data: object,
            flags: ConnectFlags,
            reason: ReasonCode,
            properties: Properties | None,
        ) -> None:
            link.refusal = str(reason) if reason.is_failure else ""
            link.resumed = flags.session_present
            link.window = min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))
            link.answered = True
            self._nudge.set()

        def on_disconnect(
            _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
        ) -> None:
            link.gone = link.gone or str(reason)
            link.subscribed.set()
            self._nudge.set()

        def on_publish(
            _client: Client, _data: object, mid: int, reason: ReasonCode, _properties: object
        ) -> None:
            link.acks.append((mid, reason))
            if reason.value or self._closing or self._backlog or len(link.acks) >= WINDOW // 2:
                self._nudge.set()

        def on_subscribe(
            _client: Client, _data: object, _mid: int, _codes: object, _properties: object
        ) -> None:
            link.subscribed.set()

        def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
            properties, topic, payload = message.properties, message.topic, bytes(message.payload)
            if topic == self._server_topic:
                self._watch.heard(self._monotonic(), replayed=message.retain, gone=_says_gone(payload))
            self.arrived(
                Parcel(
                    topic,
                    payload,
                    message.qos,
                    carries_state(topic),
                    response_topic=getattr(properties, "ResponseTopic", ""),
                    correlation=getattr(properties, "CorrelationData", b""),
                )
            )

        link.client.on_socket_open = _send_at_once
        link.client.on_connect, link.client.on_disconnect = on_connect, on_disconnect
        link.client.on_publish, link.client.on_message = on_publish, on_message
        link.client.on_subscribe = on_subscribe

    def _stay(self, link: _Link) -> None:
        """From the broker's yes to the end of the link."""
        link.linked_at = self._monotonic()
        self._watch.linked(link.linked_at)
        with self._lock:
            self._link = link
            self._pump(link)
        self._note_link(link)
        self.link_changed(True, resumed=link.resumed)
        while link.gone is None and not self._closing:
            self._nudge.wait(self._watch.pause)
            self._nudge.clear()
            with self._lock:
                self._pump(link)
            self._settle()
            allowed = self._watch.allowed
            if self._watch.condemns(self._monotonic()):
                self._note_trouble(f"no beat of the server for {allowed:.0f} s; linking anew")
                break
        if self._closing and link.gone is None:
            self._say_goodbye(link)
        self._end(link)

    def _say_goodbye(self, link: _Link) -> None:
        """Let what waits go out for a moment, then leave in order: no will, no session left behind."""
        until = self._monotonic() + GOODBYE_SECONDS
        while link.gone is None and (left := until - self._monotonic()) > 0:
            with self._lock:
                self._pump(link)
                if not link.flying and not self._backlog:
                    break
            self._nudge.wait(min(left, 0.05))
            self._nudge.clear()
        link.client.disconnect(properties=_properties(PacketTypes.DISCONNECT, SessionExpiryInterval=0))
        until = self._monotonic() + GOODBYE_SECONDS
        while link.gone is None and (left := until - self._monotonic()) > 0:
            self._nudge.wait(left)
            self._nudge.clear()

    def _end(self, link: _Link) -> None:
        with self._lock:
            self._take_acks(link)
            self._link = None
            self._keep_unsent([*link.flying.values(), *self._backlog.clear()])
        self._settle()
        _tear(link)
        self.link_changed(False)
        if not self._closing:
            self._count("links_lost")
            self._note_trouble(f"the link to the broker at {self._address} is lost: {link.gone or 'silence'}")

    def _keep_unsent(self, parcels: list[Parcel]) -> None:
        """Calls, answers and commands go out on the next link as long as they are wanted; states are kept by
        Delivery, and it repeats requests itself."""
        for parcel in parcels:
            if parcel.state or parcel.response_topic:
                continue
            if parcel.qos == 0 or parcel.deadline is None:
                self._count("dropped_out")
            else:
                self._backlog.put(parcel)

    # ------------------------------------------------------------ sending, under the lock

    def _pump(self, link: _Link) -> None:
        self._take_acks(link)
        while self._backlog and len(link.flying) < link.window and link.gone is None:
            parcel = self._backlog.take()
            left = None if parcel.deadline is None else parcel.deadline - self._monotonic()
            if left is not None and left <= 0:
                self._count("expired_out")
                continue
            properties = _properties(PacketTypes.PUBLISH)
            if left is not None:
                properties.MessageExpiryInterval = math.ceil(left)
            if parcel.response_topic:
                properties.ResponseTopic = parcel.response_topic
            if parcel.correlation:
                properties.CorrelationData = parcel.correlation
            sent = link.client.publish(parcel.topic, parcel.payload, parcel.qos, parcel.state, properties)
            link.flying[sent.mid] = parcel

    def _take_acks(self, link: _Link) -> None:
        while link.acks:
            mid, reason = link.acks.popleft()
            parcel = link.flying.pop(mid, None)
            if parcel is None:
                continue
            if reason.is_failure and self._count("denied") == 1:
                log.warning("the broker refuses %s: %s (said once)", parcel.topic, reason)
            if reason.value == NO_SUBSCRIBERS and parcel.response_topic:
                self.unheard(parcel)
            self._acknowledged.append(parcel)

    def _settle(self) -> None:
        """Tell Delivery outside our lock: it holds its own while it sends."""
        with suppress(IndexError):
            while True:
                self.settled(self._acknowledged.popleft())

    # ------------------------------------------------------------ said once when lost, once when back

    def _note_trouble(self, sentence: str) -> None:
        if not self._trouble:
            log.warning("%s: %s", self._station, sentence)
        self._trouble = sentence

    def _note_link(self, link: _Link) -> None:
        said = "linked again" if self._trouble else "linked"
        self._trouble = ""
        log.info(
            "%s: %s to the broker at %s%s",
            self._station,
            said,
            self._address,
            " (session kept)" * link.resumed,
        )


_NEW_PROPERTIES: Callable[[int], Properties] = Properties


def _properties(packet: int, **values: object) -> Properties:
    properties = _NEW_PROPERTIES(packet)
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def _send_at_once(_client: Client, _data: object, sock: object) -> None:
    if isinstance(sock, socket):
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


def _tear(link: _Link) -> None:
    """Cut the socket under paho; its thread ends by itself."""
    sock = link.client.socket()
    if isinstance(sock, socket):
        try:
            sock.shutdown(SHUT_RDWR)
        except OSError:
            log.debug("the socket was gone already")
    client = link.client
    client.loop_stop()
    # Callbacks know the link and the link the client: part them, or sockets wait for the garbage collector.
    client.on_connect = client.on_disconnect = client.on_publish = client.on_message = None
    client.on_subscribe = client.on_socket_open = None


def _says_gone(payload: bytes) -> bool:
    try:
        return decode(ServerState, payload).s in (Presence.LOST, Presence.DISCONNECTED)
    except BrokenPayload:
        return False
