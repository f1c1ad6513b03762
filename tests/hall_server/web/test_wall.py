"""What the wall screen says needs somebody: the manager's findings and the house's alarms, of no device."""

from __future__ import annotations

import re
from pathlib import Path

from tests.hall_server.web.hall import PagedHall
from tests.hall_server.web.manager_hall import Boxes, Turned, many_windows, morning


def alerts(html: str) -> list[str]:
    (section,) = re.findall(r'id="wall-alerts".*?</section>', html, re.S)
    return re.findall(r"<li>([^<]+)</li>", section)


def test_the_wall_has_what_the_manager_has_but_for_devices_and_numbers(tmp_path: Path) -> None:
    turned, boxes = Turned(), Boxes()
    boxes.alarms = ("业务日志校验没有通过，请联系系统管理员",)
    hall = PagedHall(tmp_path, plan=many_windows(24), clock=turned.clock())
    hall.house = boxes.house()
    hall.start()
    try:
        morning(hall, turned)
        with hall.person("supervisor") as someone:
            wall = someone.get("/wall").text
        with hall.person("manager") as someone:
            page = someone.get("/manager").text
        told = alerts(wall)
        assert re.fullmatch(r"\d+号窗口 紧急求助，尚无人接手", told[0]), "a person in need comes first"
        assert "业务日志校验没有通过，请联系系统管理员" in told
        assert "综合受理" in wall
        for device in ("缺纸", "大厅语音"):
            assert device in page
            assert device not in "".join(told)
        numbers = hall.service.query(lambda h: [t.number for t in h.tickets.values()]).result(10)
        assert numbers
        assert not [number for number in numbers if number in wall]
        (count,) = re.findall(r"共 (\d+) 件", wall)
        titles = [title.replace("，尚无人接手", "") for title in told]
        assert all(title in page for title in titles)
        assert len(told) == 4 < int(count)
    finally:
        hall.stop()


def test_a_long_wait_is_told_in_hours_as_everywhere(tmp_path: Path) -> None:
    turned = Turned()
    hall = PagedHall(tmp_path, plan=many_windows(24), clock=turned.clock())
    hall.start()
    try:
        for _ in range(140):
            hall.issue("huji")
        with hall.person("supervisor") as someone:
            queues = someone.get("/wall").text
        (section,) = re.findall(r'id="wall-queues".*?</section>', queues, re.S)
        (said,) = re.findall(r"户籍与身份证</span><span class=\"said\">([^<]+)<", section)
        assert re.search(r"\d+ (小时|个半小时)以上", said), said
    finally:
        hall.stop()
