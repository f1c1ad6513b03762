"""The catalogue in force on a running hall: published, refused, rolled back, taken up again after a stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from hall_server.catalogue.desk import CatalogueDesk, Obstacles
from hall_server.catalogue.records import Entry
from hall_server.catalogue.store import Moved
from hall_server.config import HallConfig, load
from hall_server.description import Description
from hall_server.hall import commands as c
from hall_server.service import HallService
from tests.hall_server.running import running

BOX = load(Path(__file__).parents[3] / "assets" / "halls" / "demo" / "hall.toml")
CARD = BOX.items[0].code


@contextmanager
def hall(state: Path) -> Iterator[tuple[CatalogueDesk, HallService, list[HallConfig]]]:
    """The sample hall with its catalogue, and every description that listeners were told."""
    with running(state / "journal.db", BOX.plan) as (service, _):
        desk = CatalogueDesk(state, service, BOX.items)
        desk.open()
        description = Description(service, BOX, items=desk.items_for)
        desk.join(description)
        told: list[HallConfig] = []
        description.on_change(told.append)
        description.settle()
        desk.settle()
        yield desk, service, told
        desk.close()


def edited(desk: CatalogueDesk, code: str, **fields: object) -> int:
    found = desk.store.item(code, desk.store.head)
    assert found is not None
    entry = msgspec.structs.replace(found[1], **fields)
    return desk.save(entry, row=found[0], by="clerk:m", name=entry.name)


def removed(desk: CatalogueDesk, code: str) -> int:
    found = desk.store.item(code, desk.store.head)
    assert found is not None
    return desk.remove(code, row=found[0], by="clerk:m", name="")


def name_of(config: HallConfig, code: str) -> str:
    return next(item.name for item in config.catalogue.items if item.code == code)


def test_the_list_beside_the_file_is_in_force_until_a_version_is(tmp_path: Path) -> None:
    with hall(tmp_path) as (desk, service, told):
        assert (desk.standing.head, desk.standing.in_force, desk.standing.public) == (1, 0, 1)
        version = edited(desk, CARD, name="身份证换领（试行）")
        assert service.plan.item_names[CARD] == "居民身份证换领"
        desk.publish(version, by="clerk:m")
        assert service.plan.item_names[CARD] == "身份证换领（试行）"
        assert name_of(told[-1], CARD) == "身份证换领（试行）"
    with hall(tmp_path) as (desk, service, _):
        assert name_of(desk.current, CARD) == "身份证换领（试行）"
        desk.roll_back(1, by="clerk:m")
        assert service.plan.item_names[CARD] == "居民身份证换领"
        assert (desk.standing.head, desk.standing.in_force) == (3, 3)


def test_papers_alone_reach_the_kiosks_too(tmp_path: Path) -> None:
    with hall(tmp_path) as (desk, service, told):
        before = service.published.version
        desk.publish(edited(desk, CARD, fee="不收费"), by="clerk:m")
        assert service.published.version == before
        assert next(i for i in told[-1].catalogue.items if i.code == CARD).fee == "不收费"


def test_an_item_of_an_open_number_must_stay(tmp_path: Path) -> None:
    with hall(tmp_path) as (desk, service, _):
        place = next(s.id for s in service.plan.services.values() if CARD in s.items)
        service.submit(c.Issue(request="r", by="kiosk-1", service=place, items=(CARD,))).result()
        with pytest.raises(Obstacles, match="居民身份证换领"):
            desk.publish(removed(desk, CARD), by="clerk:m")
        assert desk.standing.in_force == 0
        assert CARD in service.plan.item_names


def test_a_catalogue_without_a_department_of_a_service_is_refused(tmp_path: Path) -> None:
    with hall(tmp_path) as (desk, service, _):
        for item in BOX.items:
            if item.department == "税务局":
                version = removed(desk, item.code)
        with pytest.raises(Obstacles, match="税务局"):
            desk.publish(version, by="clerk:m")
        assert service.plan == BOX.plan


def test_only_what_a_service_takes_goes_to_kiosks(tmp_path: Path) -> None:
    with hall(tmp_path) as (desk, service, told):
        fresh = Entry(code="X1", name="农机登记", department="示例县农业农村局")
        desk.publish(desk.save(fresh, row=0, by="clerk:m", name="农机登记"), by="clerk:m")
        assert "X1" not in service.plan.item_names
        left = desk.unassigned(desk.standing.public)
        assert [(one.department, one.items) for one in left] == [("示例县农业农村局", 1)]
        desk.assign("示例县农业农村局", "minzheng", by="clerk:m")
        assert service.plan.item_names["X1"] == "农机登记"
        assert name_of(told[-1], "X1") == "农机登记"
        assert desk.unassigned(desk.standing.public) == []


def test_a_stop_between_file_and_hall_is_mended_at_the_next_start(tmp_path: Path) -> None:
    with hall(tmp_path) as (desk, service, _):
        version = edited(desk, CARD, name="停电前的名字")
        state = msgspec.structs.replace(desk.store.in_force, version=version, settled=False)
        desk.store.put_in_force(state)
        assert service.plan.item_names[CARD] == "居民身份证换领"
    with hall(tmp_path) as (desk, service, _):
        assert service.plan.item_names[CARD] == "停电前的名字"
        assert desk.store.in_force.settled


def test_who_edits_what_somebody_else_changed_is_told(tmp_path: Path) -> None:
    with hall(tmp_path) as (desk, _, _):
        found = desk.store.item(CARD, 1)
        assert found is not None
        edited(desk, CARD, fee="10元")
        with pytest.raises(Moved, match="他人"):
            desk.save(msgspec.structs.replace(found[1], fee="5元"), row=found[0], by="clerk:n", name="")
        assert desk.store.head == 2
