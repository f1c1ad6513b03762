"""Strict with configuration, tolerant on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import messages, topics
from contract.messages import Call, Message, Presence, StationKind
from contract.schema import BrokenPayload, ConfigError, Secret, check, decode, encode, load_toml, masked


class Window(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    seats: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


class Login(msgspec.Struct, frozen=True, kw_only=True):
    user: str
    password: str = ""
    pin: Secret = ""
    secret_file: str = ""


class Hall(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    kind: StationKind = StationKind.SERVER
    login: Login | None = None
    windows: tuple[Window, ...] = ()
    rooms: dict[str, Window] = {}
    devices: dict[str, dict[str, object]] = {}
    ratio: float = 1.0
    open: bool = True

    def __post_init__(self) -> None:
        if self.name == "Utopia":
            raise ValueError("there is no such hall")


KISOK = 'kind = "kisok": wanted one of "kiosk", "board", "sign", "announcer", "server"; did you mean "kiosk"?'


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "hall.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_toml(file, Hall)
    return [line.removeprefix(f"{file}: ") for line in str(caught.value).splitlines()]


def test_a_good_file_is_a_typed_frozen_value(tmp_path: Path) -> None:
    file = tmp_path / "hall.toml"
    file.write_text(
        'name = "示例"\nkind = "kiosk"\nratio = 2\n'
        '[[windows]]\nid = "w01"\n[devices.reader]\ndriver = "sdt"\n'
    )
    hall = load_toml(file, Hall)
    assert hall.windows == (Window(id="w01"),)
    assert hall.kind is StationKind.KIOSK
    assert hall.devices == {"reader": {"driver": "sdt"}}


def test_every_mistake_is_named_with_path_value_wish_and_hint(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        """
        nmae = "示例"
        kind = "kisok"
        open = "yes"
        [login]
        user = 7
        password = 12345
        [[windows]]
        id = "w01"
        seats = 12
        [[windows]]
        id = "w02"
        seat = 2
        [[windows]]
        seats = 1
        [rooms.east]
        id = 4
        """,
    ) == [
        'nmae = "示例": there is no such setting; did you mean "name"?',
        KISOK,
        'open = "yes": wanted true or false',
        "login.user = 7: wanted a text",
        "login.password = ••••: wanted a text",
        'windows[0 "w01"].seats = 12: wanted a whole number (≥ 1, ≤ 9)',
        'windows[1 "w02"].seat = 2: there is no such setting; did you mean "seats"?',
        "windows[2].id: is missing; wanted a text",
        "rooms.east.id = 4: wanted a text",
        "name: is missing; wanted a text",
    ]


def test_a_strange_key_far_from_all_others_lists_what_is_known(tmp_path: Path) -> None:
    said = problems(tmp_path, 'name = "x"\n[login]\nuser = "u"\nxyzzy = 1\n')
    assert said == ["login.xyzzy = 1: there is no such setting; known here: user, password, pin, secret_file"]


def test_a_table_where_a_text_belongs_and_the_other_way_round(tmp_path: Path) -> None:
    assert problems(tmp_path, 'login = "me"\nwindows = 3\n[name]\na = 1\n') == [
        'login = "me": wanted a table',
        "windows = 3: wanted a list, each a table",
        'name = {"a": 1}: wanted a text',
    ]


def test_a_rule_of_the_type_itself_is_said(tmp_path: Path) -> None:
    assert problems(tmp_path, 'name = "Utopia"') == ["(whole file): there is no such hall"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"name = ", "is not TOML"), (b"\xff\xfe", "is not UTF-8 text at byte 0"), (None, "cannot be read")],
)
def test_an_unreadable_file_is_one_sentence(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "hall.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        load_toml(file, Hall)


def test_a_part_can_be_checked_later_under_its_own_path() -> None:
    with pytest.raises(ConfigError) as caught:
        check({"id": "x", "seats": 0}, Window, source="kiosk.toml", at="devices.reader")
    assert str(caught.value) == "kiosk.toml: devices.reader.seats = 0: wanted a whole number (≥ 1, ≤ 9)"


def test_printing_masks_secrets_and_nothing_else() -> None:
    login = Login(user="u", password="geheim", pin="1234", secret_file="var/secret")
    shown = masked(Hall(name="示例", login=login, devices={"lock": {"token": "abc", "port": 5}}))
    assert "示例" in shown
    assert "var/secret" in shown
    for secret in ("geheim", "1234", "abc"):
        assert secret not in shown


MESSAGES: tuple[type[Message], ...] = (
    *(route.payload for route in topics.ROUTES),
    *(kind.request for kind in topics.REQUESTS),
    *(kind.answer for kind in topics.REQUESTS),
)


@given(st.sampled_from(MESSAGES), st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_broken_payload(kind: type[Message], payload: bytes) -> None:
    _decode(kind, payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "s", "v", "boot", "kind", "say", "rows", "blobs"]), inner)
    ),
    max_leaves=12,
)


@given(st.sampled_from(MESSAGES), JSON)
def test_any_json_is_a_message_or_a_broken_payload(kind: type[Message], value: object) -> None:
    _decode(kind, msgspec.json.encode(value))


@pytest.mark.parametrize("payload", [b"[" * 60_000, b'{"a":' * 12_000, b'{"id":"\\ud800"}', b'{"v":1e999}'])
@pytest.mark.parametrize("kind", MESSAGES)
def test_nasty_bytes(kind: type[Message], payload: bytes) -> None:
    _decode(kind, payload)


def _decode(kind: type[Message], payload: bytes) -> None:
    try:
        message = decode(kind, payload)
    except BrokenPayload:
        return
    assert decode(kind, encode(message)) == message


def test_a_newer_sender_is_understood_and_defaults_fill_the_rest() -> None:
    state = decode(messages.ServerState, b'{"v":9,"s":"ready","boot":"b","weather":{"sun":true}}')
    assert (state.s, state.at_ms, state.v) == (Presence.READY, 0, 9)


def test_too_much_is_broken() -> None:
    with pytest.raises(BrokenPayload, match="bytes are more than"):
        decode(Call, b" " * 70_000)
