"""W2: a city's catalogue, 90,705 items of 1,282 units: import with progress, search; --long: many versions.

Bar: import at most 60 s with progress, search p99 at most 30 ms. ``--items N`` for a smaller one.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from openpyxl import Workbook

from hall_server.catalogue.importing import Mode
from hall_server.catalogue.jobs import Jobs
from hall_server.catalogue.records import InForce
from hall_server.catalogue.store import FILE, Store

ITEMS, UNITS = 90_705, 1_282
BAR_SECONDS, BAR_MS = 60.0, 30.0
WHAT = (
    "居民身份证",
    "社会保障卡",
    "不动产权证书",
    "机动车驾驶证",
    "城乡居民基本医疗保险",
    "企业职工养老保险",
    "住房公积金",
    "出生医学证明",
    "户口簿",
    "建设工程规划许可证",
    "食品经营许可证",
    "道路运输经营许可证",
    "烟草专卖零售许可证",
    "排污许可证",
    "取水许可证",
    "医疗机构执业许可证",
    "民办学校办学许可证",
    "营业执照",
    "农民专业合作社",
    "特种设备使用",
    "残疾人证",
    "最低生活保障",
    "生育登记",
    "林木采伐许可证",
    "水域滩涂养殖证",
    "公共场所卫生许可",
    "人力资源服务许可证",
    "劳务派遣经营许可",
    "出版物零售",
    "印刷经营许可证",
)
DO = (
    "申领",
    "核发",
    "补领",
    "换领",
    "变更",
    "延续",
    "注销",
    "年审",
    "转移登记",
    "首次登记",
    "备案",
    "查询",
    "审批",
    "确认",
    "缴费",
    "待遇核定",
    "提取",
    "停业",
    "恢复",
)
WHO = (
    "个人",
    "企业",
    "个体工商户",
    "社会组织",
    "外商投资企业",
    "未成年人",
    "退休人员",
    "军人",
    "港澳居民",
    "高校毕业生",
)
PLACE = ("东湖", "南山", "青云", "白石", "龙泉", "新桥", "长安", "和平", "永安", "清河")
PAPERS = (
    "居民户口簿（复印件1份，容缺）；申请人身份证；申请表（1份）；授权委托书（非必要）；电子营业执照（免提交）"
)
HEAD = (
    "基本编码",
    "实施编码",
    "事项名称",
    "事项类型",
    "实施主体",
    "实施主体编码",
    "服务对象",
    "办件类型",
    "法定办结时限",
    "承诺办结时限",
    "到办事现场次数",
    "办理地点",
    "办理时间",
    "咨询电话",
    "监督电话",
    "是否进驻政务大厅",
    "是否支持预约办理",
    "是否支持自助终端办理",
    "是否网上办理",
    "通办范围",
    "收费",
    "申请材料",
    "受理条件",
    "办理结果",
)


def rows(items: int) -> list[list[str]]:
    """Made-up items; some hundred of them faulty."""
    chance = random.Random(39_554)
    made = []
    for index in range(items):
        unit = index % UNITS
        place = PLACE[unit % 10] + ("市" if unit < 40 else "县" if unit < 400 else "镇")
        name = f"{chance.choice(WHAT)}{chance.choice(DO)}（{chance.choice(WHO)}{index % 7 or ''}）"
        promised = chance.randrange(0, 20)
        code = "" if index % 500 == 499 else f"11330{unit:04d}{index:022d}"
        made.append(
            [
                f"000{index % 9000:09d}",
                code,
                name,
                "行政许可" if index % 3 else "公共服务",
                f"{place}第{unit}单位局",
                f"11330{unit:013d}",
                "自然人",
                "承诺件" if promised else "即办件",
                str(promised + 10),
                str(promised),
                str(index % 3),
                f"{place}政务服务中心{unit % 60}号窗口",
                "工作日 9:00-17:00",
                "0571-00000000",
                "12345",
                "是",
                "是" if index % 2 else "否",
                "是" if index % 5 else "否",
                "是" if index % 11 else "否",
                "全市",
                "不收费",
                PAPERS,
                "符合法定条件的申请人。" * 4,
                "证照",
            ]
        )
    return made


def write_csv(path: Path, made: list[list[str]]) -> None:
    """As departments send it: GBK."""
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([HEAD, *made])


def write_xlsx(path: Path, made: list[list[str]]) -> None:
    """A workbook with one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (HEAD, *made):
        sheet.append(row)
    with path.open("wb") as file:
        book.save(file)


def imported(jobs: Jobs, kind: str, made: list[list[str]]) -> float:
    """Seconds from the button to the new version, progress seen on the way."""
    folder = jobs.begin()
    (write_csv if kind == "csv" else write_xlsx)(folder / "file", made)
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    job = jobs.uploaded(folder, f"city.{kind}", "bench")
    looked = time.monotonic() - begun
    jobs.run(job, mapping=job.mapping, mode=Mode.REPLACE, dry=False, by="bench")
    seen = set()
    while (now := jobs.progress(job.id)) is not None:
        seen.add((now.phase, now.done))
        time.sleep(0.05)
    took = time.monotonic() - begun
    result = jobs.result(job.id)
    assert result is not None
    assert not result.failed, result.failed
    assert len(seen) > 5, seen
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = (folder / "file").stat().st_size >> 20
    print(
        f"{kind}: {size} MB, {result.rows} rows, {result.bad_rows} faulty, {result.good} items: {took:.1f} s "
        f"(head {looked:.1f} s, processor {cpu:.1f} s), {len(seen)} steps of progress seen",
        flush=True,
    )
    return took


def queries(many: int) -> list[tuple[str, str]]:
    """(words, department) as people type: names, pieces, initials, codes, two words, single characters."""
    chance = random.Random(7)
    pieces: list[Callable[[], str]] = [
        lambda: chance.choice(WHAT),
        lambda: chance.choice(WHAT)[:2],
        lambda: chance.choice(WHAT) + chance.choice(DO),
        lambda: f"{chance.choice(WHO)} {chance.choice(DO)}",
        lambda: chance.choice(("sfz", "sbk", "yyzz", "bdc", "jsz", "gjj", "sb", "z")),
        lambda: f"11330{chance.randrange(UNITS):04d}",
        lambda: chance.choice(("社保卡", "房产证", "驾照", "公积金", "退休", "医保")),
        lambda: chance.choice("证登许办人社水"),
        lambda: "没有这样的事",
    ]
    found = []
    for index in range(many):
        unit = chance.randrange(UNITS)
        place = PLACE[unit % 10] + ("市" if unit < 40 else "县" if unit < 400 else "镇")
        department = f"{place}第{unit}单位局" if index % 4 == 0 else ""
        found.append((pieces[index % len(pieces)](), department))
    return found


def renamed(made: list[list[str]], what: str, *, every: int = 1) -> list[list[str]]:
    """The same items, each ``every``-th with another name."""
    return [
        [*row[:2], row[2] + what, *row[3:]] if index % every == 0 else row for index, row in enumerate(made)
    ]


def searched(store: Store, version: int, what: str, many: int) -> float:
    """p99 in milliseconds of so many searches of a version; beside it the processor's time alone."""
    times, busy = list[float](), list[float]()
    for words, department in queries(many):
        begun, used = time.perf_counter(), time.thread_time()
        store.search(words, version, department=department)
        times.append((time.perf_counter() - begun) * 1000)
        busy.append((time.thread_time() - used) * 1000)
    times.sort()
    busy.sort()
    p50, p99, own = times[many // 2], times[many * 99 // 100], busy[many * 99 // 100]
    told = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms (processor {own:.1f} ms), worst {times[-1]:.1f} ms"
    print(f"{what}: {many} searches: {told}", flush=True)
    return p99


def life(store: Store, jobs: Jobs, made: list[list[str]], size: Callable[[], int]) -> tuple[float, float]:
    """--long: what a catalogue goes through in years; (slowest import, worst p99)."""
    times, ranks = [], []

    def publish(version: int) -> None:
        before = store.in_force
        store.put_in_force(InForce(version=version, previous=before.version, settled=False))
        store.put_in_force(InForce(version=version, previous=before.version))

    publish(store.head)
    steps = (("xlsx", "办理", 1), ("csv", "（新）", 2), ("csv", "（再）", 1), ("csv", "（末）", 100))
    for number, (kind, what, every) in enumerate(steps, 2):
        times.append(imported(jobs, kind, renamed(made, what, every=every)))
        versions = len(store.versions())
        both = f"version {number} beside {store.in_force.version} ({versions} kept, {size() >> 20} MB)"
        ranks += [searched(store, store.head, f"{both}, newest", 10_000)]
        ranks += [searched(store, store.in_force.version, f"{both}, in force", 10_000)]
        if number != 2:
            publish(store.head)
    times += [imported(jobs, "csv", renamed(made, f"（{again}）")) for again in range(5)]
    print(f"{len(store.versions())} of {store.head} versions kept, {size() >> 20} MB", flush=True)
    ranks.append(searched(store, store.head, "after ten whole versions", 10_000))
    return max(times), max(ranks)


def main() -> None:
    """Import, then search."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--long", action="store_true", help="two whole versions beside each other; ten in all"
    )
    parser.add_argument("--items", type=int, default=ITEMS)
    asked = parser.parse_args()
    made = rows(asked.items)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        store = Store(state / FILE)
        store.open()
        jobs = Jobs(state / "imports", state / FILE, lambda: 0)
        jobs.open()
        slowest = imported(jobs, "csv", made)
        p99 = searched(store, store.head, "one version", 10_000 if asked.long else 1_000)
        if asked.long:
            longest, worst = life(store, jobs, made, lambda: (state / FILE).stat().st_size)
            slowest, p99 = max(slowest, longest), max(p99, worst)
        jobs.close()
        store.close()
    print(
        f"CATALOGUE_SPEED: import {slowest:.1f} s (bar ≤ {BAR_SECONDS:.0f} s), "
        f"search p99 {p99:.1f} ms (bar ≤ {BAR_MS:.0f} ms)"
    )


if __name__ == "__main__":
    main()
