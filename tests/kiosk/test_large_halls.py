"""Halls of other sizes than the sample one: every page still fits, whatever the hall has."""

from __future__ import annotations

import msgspec
import pytest

from contract.catalogue import Catalogue, Item, Service, Zone
from kiosk import samples
from kiosk.flows import events as e

pytestmark = pytest.mark.window

NAMES = ("综合服务", "不动产登记", "公安出入境", "税务", "司法公证", "社保医保", "婚姻登记", "公积金", "人才")
QUEUES = ("企业与许可综合受理业务", "社会保险", "民政")


def hall(zones: int, services: int, items: int) -> Catalogue:
    """So many zones, services in each, items in each of those."""
    known = samples.catalogue().items
    made_zones = [Zone(id=f"z{i}", name=NAMES[i % len(NAMES)], icon="domain") for i in range(zones)]
    made_services: list[Service] = []
    made_items: list[Item] = []
    for zone in made_zones:
        for at in range(services):
            name = f"{zone.id}-s{at}"
            own = [
                msgspec.structs.replace(
                    known[(at * 7 + k) % len(known)], code=f"{name}-{k}", zone=zone.id, service=name
                )
                for k in range(items)
            ]
            made_items += own
            codes = tuple(item.code for item in own)
            made_services.append(
                Service(id=name, name=f"{QUEUES[at % 3]}{at}", zone=zone.id, prefix="A", items=codes)
            )
    return Catalogue(
        hall_name=samples.HALL,
        zones=tuple(made_zones),
        services=tuple(made_services),
        items=tuple(made_items),
    )


@pytest.mark.parametrize("scale", ["normal", "elder"])
@pytest.mark.parametrize("size", [(1, 1, 3), (6, 6, 41), (8, 3, 5), (12, 20, 41)])
def test_home_zone_and_service_pages_fit(size: tuple[int, int, int], scale: str) -> None:
    from assets.ui import lints
    from assets.ui.pictures import Sample, Variant, show
    from kiosk.screens.home import HomePage
    from kiosk.screens.page import pictured
    from kiosk.screens.service import ServicePage
    from kiosk.screens.zone import ZonePage

    arrived = e.CatalogueArrived(hall(*size))
    zone, service = e.ChooseZone("z0"), e.ChooseService("z0-s0")
    pages = (
        Sample("home", pictured(HomePage, samples.after(arrived))),
        Sample("zone", pictured(ZonePage, samples.after(arrived, zone))),
        Sample("service", pictured(ServicePage, samples.after(arrived, zone, service))),
    )
    for page in pages:
        assert lints.findings(show(Variant(page, "light", scale))) == [], page.name
