"""PURE: the columns of a file of items: what they are called elsewhere, and which element each one holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hall_server.catalogue.grams import plain


@dataclass(frozen=True, slots=True)
class Element:
    """An element that a column may hold: ``key`` of the row, its word on the page, names in others' files."""

    key: str
    text: str
    names: tuple[str, ...] = ()
    needed: bool = False


ELEMENTS = (
    Element("task_code", "实施编码", ("实施清单编码", "事项编码", "taskcode", "code", "编码"), needed=True),
    Element("handle_code", "业务办理项编码", ("办理项编码", "taskhandleitem", "handleitemcode")),
    Element("base_code", "基本编码", ("事项基本编码", "基本目录编码", "catalogcode")),
    Element("name", "事项名称", ("名称", "事项", "业务办理项名称", "taskname", "name"), needed=True),
    Element(
        "department",
        "实施主体",
        ("部门", "部门名称", "实施机构", "实施主体名称", "单位", "主管部门", "deptname", "department"),
        needed=True,
    ),
    Element("department_code", "实施主体编码", ("部门编码", "机构编码", "deptcode", "departmentcode")),
    Element("kind", "事项类型", ("类型", "tasktype", "kind")),
    Element("version", "事项版本", ("版本", "版本号", "taskversion", "version")),
    Element("level", "行使层级", ("层级", "uselevel", "level")),
    Element("objects", "服务对象", ("办理对象", "servertype", "objects")),
    Element("handling", "办件类型", ("办理类型", "projecttype", "handling")),
    Element("condition", "受理条件", ("办理条件", "acceptcondition", "condition")),
    Element(
        "statutory_days",
        "法定办结时限",
        ("法定时限", "法定期限", "法定办结时间", "anticipateday", "statutorydays"),
    ),
    Element(
        "promised_days",
        "承诺办结时限",
        ("承诺时限", "承诺期限", "承诺办结时间", "promiseday", "promiseddays"),
    ),
    Element("visits", "到办事现场次数", ("到现场次数", "跑动次数", "limitscenenum", "visits")),
    Element("address", "办理地点", ("办理地址", "受理地点", "handleaddress", "address")),
    Element("hours", "办理时间", ("办公时间", "受理时间", "handletime", "hours")),
    Element("consult", "咨询电话", ("咨询方式", "咨询途径", "consulttel", "consult")),
    Element(
        "supervise", "监督电话", ("监督投诉电话", "投诉电话", "监督投诉方式", "supervisetel", "supervise")
    ),
    Element("in_charge", "负责人", ("责任人", "经办人", "联系人", "incharge")),
    Element("entered", "是否进驻政务大厅", ("进驻", "是否进驻", "是否进驻大厅", "isentrycenter", "entered")),
    Element(
        "appointment", "是否支持预约办理", ("支持预约", "预约", "是否支持预约", "isschedule", "appointment")
    ),
    Element(
        "terminal",
        "是否支持自助终端办理",
        ("支持终端", "自助终端", "是否支持自助办理", "isserviceterminals", "terminal"),
    ),
    Element("online", "是否网上办理", ("网上办理", "网办", "是否支持网上办理", "isonline", "online")),
    Element("area", "通办范围", ("通办", "handlearea", "area")),
    Element("fee", "收费标准", ("收费", "费用", "收费情况", "是否收费", "fee")),
    Element("service_minutes", "窗口办理分钟", ("办理分钟", "平均办理时长", "serviceminutes")),
    Element("steps", "办理流程", ("流程", "办理程序", "handleflow", "steps")),
    Element("result", "审批结果", ("办理结果", "结果", "结果名称", "resultname", "result")),
    Element("also", "别名", ("俗称", "关键词", "关键字", "also")),
    Element("materials", "申请材料", ("材料", "材料清单", "所需材料", "办理材料", "materials")),
    Element("material_name", "材料名称", ("申请材料名称", "materialname")),
    Element("material_needed", "材料必要性", ("是否必要", "必要性", "isneed")),
    Element("material_copies", "材料份数", ("份数", "复印件份数", "材料复印件份数", "pagecopynum")),
    Element("material_source", "材料来源", ("来源", "来源渠道", "sourcetype")),
    Element("material_missing", "容缺", ("容缺受理", "是否容缺", "可容缺")),
    Element("material_waived", "免提交", ("是否免提交", "免于提交")),
    Element("situations", "办理情形", ("情形", "情形引导", "引导问题", "situations")),
)
BY_KEY = {element.key: element for element in ELEMENTS}
_ASIDE = re.compile(r"[\(（\[【].*?[\)）\]】]|[\s_\-*：:/]")


def guessed(head: Sequence[str]) -> tuple[str, ...]:
    """The key of each column, '' where it is not known; each key once, the exact name before a like one."""
    found = [""] * len(head)
    for exact in (True, False):
        for index, name in enumerate(head):
            if found[index]:
                continue
            key = _key(_bare(name), exact=exact)
            if key and key not in found:
                found[index] = key
    return tuple(found)


def missing(mapping: Sequence[str]) -> list[str]:
    """The words of needed elements that no column holds. A name and a code are enough for a library."""
    return [element.text for element in ELEMENTS if element.needed and element.key not in _with(mapping)]


def missing_of_library(mapping: Sequence[str]) -> list[str]:
    """The same for the authority's list of basic items."""
    return [BY_KEY[key].text for key in ("base_code", "name") if key not in mapping]


def twice(mapping: Sequence[str]) -> list[str]:
    """The words of elements that more than one column is to hold."""
    chosen = [key for key in mapping if key]
    return [BY_KEY[key].text for key in dict.fromkeys(chosen) if chosen.count(key) > 1]


def _with(mapping: Sequence[str]) -> set[str]:
    """A 业务办理项编码 serves as the code as well."""
    return {*mapping, *(("task_code",) if "handle_code" in mapping else ())}


def _key(name: str, *, exact: bool) -> str:
    if not name:
        return ""
    for element in ELEMENTS:
        names = [_bare(one) for one in (element.key, element.text, *element.names)]
        if name in names[: 2 if exact else None]:
            return element.key
    return ""


def _bare(name: str) -> str:
    return _ASIDE.sub("", plain(name))
