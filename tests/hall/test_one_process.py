"""One ticket from the card to the voice through every real part but the wire between the programs."""

from __future__ import annotations

from pathlib import Path

import apsw
from msgspec.structs import replace

from contract.messages import Paper
from devices.ports import CallBoxKey
from devices.simulators.people import BY_WORD
from hall_server.config import described, document_of, load
from hall_server.hall import commands as c
from hall_server.hall.model import Hall, Ticket
from hall_server.hall_file import KioskPart
from kiosk.flows import events as e
from kiosk.flows.state import State
from tests.hall.one_process import WholeHall, whole_hall

WAY = (e.ChooseZone("zonghe"), e.ChooseService("shebao"))


def ticket(hall: WholeHall, number: str) -> Ticket:
    """As the server knows it."""

    def find(state: Hall) -> Ticket:
        return state.tickets[state.by_number[number]]

    return hall.server.service.query(find).result(10)


def test_a_card_becomes_paper_a_call_a_row_and_a_voice(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:
        hall.kiosk.at_rest()
        hall.kiosk.do(*WAY)
        hall.kiosk.wait(lambda s: s.screen.name == "service")
        hall.kiosk.reader.lay("wang")
        number = hall.kiosk.paper("printed")
        assert number.slip.number == "C001"
        printed = hall.kiosk.printer.latest_text()
        assert all(part in printed for part in ("C001", "社保医保", "示例县政务服务中心"))
        hall.callbox.press(3, CallBoxKey.NEXT)
        shown = hall.screen.wait(lambda v: v.current is not None and v.current.number == "C001")
        assert shown.rows[0].window == "3号窗口"
        hall.screen.wait(lambda _: any("C001" in name for name in hall.spoken()))
        assert ticket(hall, "C001").paper is Paper.CONFIRMED
        hall.callbox.press(3, CallBoxKey.ARRIVED)
        hall.callbox.press(3, CallBoxKey.FINISH)
        hall.screen.wait(lambda _: ticket(hall, "C001").status.value == "done")


def test_the_same_person_at_two_kiosks_gets_the_same_number(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:
        hall.kiosk.at_rest()
        hall.kiosk.do(*WAY)
        hall.kiosk.reader.lay("zhang")
        hall.kiosk.paper("printed")
        hall.kiosk.reader.remove()
        hall.kiosk.do(e.GoHome())
        hall.kiosk.at_rest()
        hall.kiosk.do(*WAY)
        hall.kiosk.reader.lay("zhang")
        hall.kiosk.wait(lambda s: s.screen.name in ("offer", "welcome"))
        assert hall.server.service.query(lambda state: len(state.tickets)).result(5) == 1


def test_paper_out_keeps_the_number_and_its_place(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:
        hall.kiosk.at_rest()
        hall.kiosk.printer.set_fault("paper_out", True)
        hall.kiosk.wait(lambda s: not s.facts.printer)
        hall.kiosk.do(*WAY, e.Take())
        assert hall.kiosk.number("C001").slip.ahead == 0
        hall.screen.wait(lambda v: any(z.waiting == 1 for z in v.waiting))
        hall.callbox.press(3, CallBoxKey.NEXT)
        hall.screen.wait(lambda v: bool(v.rows) and v.rows[0].number == "C001")


def test_a_call_box_shows_what_its_window_has_and_again_after_a_pulled_plug(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:

        def shows(address: int, text: str) -> bool:
            displays = hall.callbox.state()["displays"]
            assert isinstance(displays, dict)
            return bool(displays[str(address)] == text)

        hall.callbox.press(5, CallBoxKey.NEXT)
        hall.screen.eventually(lambda: shows(5, "----"))
        hall.kiosk.at_rest()
        hall.kiosk.do(*WAY, e.Take())
        hall.kiosk.number("C001")
        hall.callbox.press(3, CallBoxKey.NEXT)
        hall.screen.eventually(lambda: shows(3, "C001"))
        assert shows(5, "----"), "other windows' news do not wipe it"
        hall.callbox.set_fault("unplugged", True)
        hall.callbox.blank()
        hall.callbox.set_fault("unplugged", False)
        hall.screen.eventually(lambda: shows(3, "C001"))


def test_a_server_that_restarts_under_everyone_loses_nothing(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:
        hall.kiosk.at_rest()
        hall.kiosk.do(*WAY, e.Take())
        hall.kiosk.paper("printed")
        hall.server.stop()
        hall.start_server()
        hall.kiosk.do(e.GoHome())
        hall.kiosk.at_rest()
        hall.kiosk.do(*WAY, e.Take())
        hall.kiosk.number("C002")
        hall.callbox.press(3, CallBoxKey.NEXT)
        hall.screen.wait(lambda v: bool(v.rows) and v.rows[0].number == "C001")


def test_no_document_number_name_or_birth_date_leaves_the_kiosk(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:
        for who in ("zhang", "wang", "zhao"):
            hall.kiosk.at_rest()
            hall.kiosk.do(*WAY)
            hall.kiosk.reader.lay(who)
            hall.kiosk.paper("printed")
            hall.kiosk.reader.remove()
            hall.kiosk.wait(lambda s: not s.card)
            hall.kiosk.do(e.GoHome())
    everything = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    db = apsw.Connection(str(tmp_path / "state" / "journal.db"))
    everything += "\n".join(row[0] for row in db.execute("SELECT body FROM event")).encode()
    db.close()
    for who in ("zhang", "wang", "zhao"):
        text = BY_WORD[who].text.decode("utf-16-le")
        for secret in (text[:15].strip(), text[61:79], text[18:26], text[26:61].strip()):
            for encoding in ("utf-8", "utf-16-le", "gb18030"):
                assert secret.encode(encoding) not in everything, (who, encoding)


def test_a_published_description_reaches_paper_board_and_voice_without_a_restart(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:
        hall.kiosk.at_rest()
        box = load(tmp_path / "hall.toml")
        taken = c.Issue(request="r1", by="kiosk-9", service="shebao")
        hall.server.service.submit(taken).result(10)
        services = tuple(replace(s, name="社保与医保") if s.id == "shebao" else s for s in box.file.services)
        windows = tuple(replace(w, label="社保窗口") if w.id == "w03" else w for w in box.file.windows)
        boards = (replace(box.file.boards[0], title="一楼叫号"),)
        voice = replace(box.file.voice, wording="please-first")
        file = replace(box.file, services=services, windows=windows, boards=boards, voice=voice)
        plan = described(file, box.items, source="").plan
        publish = c.PublishPlan(
            request="",
            by="clerk:m1",
            plan=plan,
            base=hall.server.service.published.version,
            document=document_of(file),
        )
        hall.server.service.submit(publish).result(10)
        hall.screen.wait(lambda v: v.title == "一楼叫号")
        hall.callbox.press(3, CallBoxKey.NEXT)
        hall.screen.wait(lambda v: bool(v.rows) and v.rows[0].window == "社保窗口")
        hall.screen.eventually(lambda: hall.server.service.look.wording == "please-first")
        hall.kiosk.wait(lambda s: "社保与医保" in repr(s.facts.shelf))
        hall.kiosk.do(*WAY)
        hall.kiosk.wait(lambda s: s.screen.name == "service")
        hall.kiosk.reader.lay("wang")
        assert hall.kiosk.paper("printed").slip.number == "C002"
        assert "社保与医保" in hall.kiosk.printer.latest_text()


def test_a_running_kiosk_offers_the_zones_that_were_published_for_it(tmp_path: Path) -> None:
    with whole_hall(tmp_path) as hall:
        shelf = hall.kiosk.at_rest().facts.shelf
        assert shelf is not None
        assert len(shelf.zones) > 1
        box = load(tmp_path / "hall.toml")

        def publish(*kiosks: KioskPart) -> None:
            file = replace(box.file, kiosks=kiosks)
            plan = described(file, box.items, source="test").plan
            base, document = hall.server.service.published.version, document_of(file)
            command = c.PublishPlan(request="", by="manager:m1", plan=plan, base=base, document=document)
            hall.server.service.submit(command).result(10)

        def zones(state: State) -> tuple[str, ...]:
            return tuple(zone.id for zone in state.facts.shelf.zones) if state.facts.shelf else ()

        publish(KioskPart(id="kiosk-1", zones=("gongan",)), KioskPart(id="kiosk-2", zones=("zonghe",)))
        narrowed = hall.kiosk.wait(lambda s: zones(s) == ("gongan",))
        assert narrowed.facts.shelf is not None
        assert "shebao" not in narrowed.facts.shelf.offered
        publish()
        hall.kiosk.wait(lambda s: s.facts.shelf == shelf)
