"""PURE: every form of the set-up pages as data: sections and fields with their Chinese words.

A field that is not written here cannot be edited in pages. Names are those of hall_file.py, which has the
limits; several sections may show different fields of the same table.
"""

from __future__ import annotations

from hall_server.setup.fields import Choice, Field, Section, Widget

T, N, K, Y = Widget.TEXT, Widget.NUMBER, Widget.CLOCK, Widget.TICK
RESTART = "改动在大厅服务重启后生效。"

_ID = Field(
    "id",
    "编号",
    T,
    "小写字母、数字、连字符，至多 32 个；发布后不再改动。",
    required=True,
    fixed=True,
    wrong="只能用小写字母、数字和连字符，以字母或数字开头，至多 32 个",
)
_PREFIX = Field(
    "prefix",
    "号码字母",
    T,
    "印在号前的一到两个大写字母，例如 A。同一业务组的业务可以共用。",
    required=True,
    wrong="应为一到两个大写字母，例如 A",
)
_OWN = Field("services", "本职业务", Widget.SOME, "窗口首先办理的业务。", of="services", unset="无")
_HELP = Field(
    "helps_with", "支援业务", Widget.SOME, "本职业务无人等候时才去支援的业务。", of="services", unset="无"
)
_DAYS = tuple(
    Choice(value, label)
    for value, label in zip(
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"),
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日", "节假日"),
        strict=True,
    )
)
_GREEN = (
    Choice("age", "老年人"),
    Choice("disabled", "残疾人"),
    Choice("serviceman", "军人"),
    Choice("pregnant", "孕妇"),
    Choice("talent", "人才卡"),
)
_CALLING = (
    Choice("first_come", "先来先办", "完全按到达先后叫号，绿色通道和预约不提前。最容易向群众解释。"),
    Choice(
        "strict",
        "优先在前",
        "绿色通道先叫，其次预约，最后普通。优先者多时普通号会等得久，可设占比和最长等候。",
    ),
    Choice(
        "accumulating",
        "等候加倍计",
        "优先者的等候时间按倍数计，谁累计最久先叫谁：优先者不久等，也不会一直挤掉别人。",
    ),
    Choice("ratio", "按比例穿插", "每叫几个优先号，就叫几个普通号，比例可设。"),
    Choice("aged", "久等提前", "优先者先叫；普通号等满设定分钟后，与优先者一起按先后叫。"),
)
_NO_SHOW = (
    Choice("end", "排到队尾", "过号的人排到队尾，再次叫到时仍可办理。"),
    Choice("back", "后移几位", "过号的人后移若干位，不久会再叫到。"),
    Choice("manual", "由工作人员恢复", "号离开队列，本人到导办台或窗口说明后恢复。"),
    Choice("void", "作废", "号作废，须重新取号。"),
)
_POSTPONE = (
    Choice("park", "暂时挂起", "号先放一放，到时自动回到队列，次序靠前。"),
    Choice("back", "后移几位", "号后移若干位。"),
    Choice("off", "不提供", "手机页面上没有“我要晚一点”。"),
)
_VOICES = (
    Choice("zf_xiaoxiao", "晓晓（女声）"),
    Choice("zf_xiaobei", "晓北（女声）"),
    Choice("zf_xiaoni", "晓妮（女声）"),
    Choice("zf_xiaoyi", "晓伊（女声）"),
    Choice("zm_yunjian", "云健（男声）"),
    Choice("zm_yunxi", "云希（男声）"),
    Choice("zm_yunxia", "云夏（男声）"),
    Choice("zm_yunyang", "云扬（男声）"),
)

SECTIONS: tuple[Section, ...] = (
    Section(
        "hall",
        "大厅",
        "大厅的名称、营业日和对外地址。",
        "hall",
        (
            Field("name", "大厅名称", T, "显示在屏幕、自助机、页面和号票上。", required=True),
            Field(
                "public_url",
                "手机查询地址",
                T,
                "号票二维码指向的地址，例如 http://10.0.0.8:18088；留空则不印二维码。",
                unset="不印二维码",
            ),
            Field("day_closes_at", "营业日结束", K, "到时未办结的号自动结束，号码从头开始。", required=True),
            Field("elder_age", "长者年龄", N, "满此年龄自动给绿色通道，自助机用大字。", "岁"),
            Field("announce", "在局域网内公布大厅", Y, "让新装的终端自动找到大厅。" + RESTART),
        ),
    ),
    Section(
        "zones",
        "专区",
        "大厅分成的区域，综合屏和广播按专区分。",
        "zones",
        (
            _ID,
            Field("name", "名称", T, required=True),
            Field("icon", "图标", T, "自助机上的图标名，取自 Material Design Icons，可留空。"),
        ),
        rows=True,
        own=True,
        columns=("id", "icon"),
    ),
    Section(
        "services",
        "业务",
        "取号的队列：每项业务属于一个专区，承接若干部门或事项。",
        "services",
        (
            _ID,
            Field("name", "名称", T, required=True),
            Field("zone", "专区", Widget.ONE, of="zones", required=True),
            _PREFIX,
            Field("mean_minutes", "平均办理", N, "第一天的估计；以后按实际办理学习。", "分钟"),
            Field(
                "departments",
                "承接部门",
                Widget.SOME,
                "这些部门的全部事项归这项业务，另列的事项除外。",
                of="departments",
                unset="无",
            ),
            Field("items", "另列事项", Widget.LINES, "事项编码，一行一个；优先于部门的归属。", unset="无"),
        ),
        rows=True,
        own=True,
        columns=("zone", "prefix", "mean_minutes", "departments"),
    ),
    Section(
        "numbers",
        "号段",
        "每项业务的号码从哪里开始、有几位，哪些业务合用一段。",
        "services",
        (
            _PREFIX,
            Field("first", "起始号", N, "每天的第一个号；不同号段可错开，便于区分。"),
            Field("width", "位数", N, "字母后的数字位数，不足补零，例如 3 位是 A001。", "位"),
            Field(
                "group",
                "业务组",
                T,
                "写同一个组名的业务一起叫号，也可共用字母；留空则自成一组。",
                unset="自成一组",
            ),
        ),
        rows=True,
        columns=("prefix", "first", "width", "group"),
    ),
    Section(
        "quotas",
        "限号与时段",
        "每个时段放多少号，其中多少留给预约，每天到几点为止。",
        "services",
        (
            Field("slot_minutes", "时段长", N, "限号和预约按多长的时段计。", "分钟"),
            Field("slot_quota", "每时段号数", N, "0 表示不限。", "个"),
            Field("ring_fenced", "其中预约专用", N, "只留给预约、现场不能取的号数。", "个"),
            Field("issue_until", "取号截止", K, "此后不再取号；留空则到营业日结束。", unset="营业日结束"),
            Field(
                "closes", "办理截止", K, "预计办不完时会提前停号；留空则与取号截止相同。", unset="同取号截止"
            ),
        ),
        rows=True,
        columns=("slot_minutes", "slot_quota", "ring_fenced", "issue_until", "closes"),
    ),
    Section(
        "windows",
        "窗口",
        "办理业务的柜台。撤下窗口前，请先办结那里的号。",
        "windows",
        (
            _ID,
            Field("label", "窗口号", T, "屏幕显示、语音播报的叫法，例如 3号窗口。", required=True),
            Field("name", "窗口名", T, "例如 社保医保；留空则与窗口号相同。", unset="同窗口号"),
            Field("zone", "专区", Widget.ONE, of="zones", required=True),
            _OWN,
            _HELP,
            Field("open", "开始营业时开放", Y, "营业日开始即可叫号，不必等人登录。"),
            Field("callbox", "呼叫器地址", N, "0 表示没有。" + RESTART, unset="无"),
            Field("ledbar", "条屏地址", N, "0 表示没有。" + RESTART, unset="无"),
        ),
        rows=True,
        own=True,
        columns=("name", "zone", "services", "helps_with", "open"),
    ),
    Section(
        "skills",
        "窗口技能",
        "每个窗口办什么：本职业务，以及闲时支援的业务。",
        "windows",
        (_OWN, _HELP),
        rows=True,
        columns=("services", "helps_with"),
    ),
    Section(
        "rota",
        "排班",
        "窗口在一周里何时开、何时停、那时办什么；没有排班的窗口由人开关。",
        "rota",
        (
            Field("name", "名称", T, "例如 午休、延时服务。"),
            Field("windows", "窗口", Widget.SOME, of="windows", required=True),
            Field(
                "days", "日子", Widget.SOME, "节假日按“节假日”一栏，不按星期。", choices=_DAYS, required=True
            ),
            Field("begins", "开始", K, required=True),
            Field("ends", "结束", K, "早于开始时间，就是到次日。", required=True),
            Field("closed", "这段时间停办", Y, "勾选为停办（如午休），不勾选为开放。"),
            Field(
                "services",
                "只办这些业务",
                Widget.SOME,
                "不选则办窗口的全部业务。",
                of="services",
                unset="全部",
            ),
        ),
        rows=True,
        own=True,
        columns=("days", "begins", "ends", "closed", "windows", "services"),
    ),
    Section(
        "holidays",
        "节假日",
        "这些日子按排班中的“节假日”开放；没有这样的排班则不开。",
        "",
        (Field("holidays", "日期", Widget.LINES, "一行一个，例如 2026-10-01。", unset="无"),),
    ),
    Section(
        "calling",
        "叫号规则",
        "每个业务组按哪种规则决定下一个叫谁；没有列出的按先来先办。",
        "calling",
        (
            Field("group", "业务组", Widget.ONE, of="groups", required=True),
            Field("rule", "规则", Widget.CARDS, choices=_CALLING, required=True),
            Field("green_weight", "绿色通道倍数", N, "等候加倍计：绿色通道等一分钟当几分钟。", "倍"),
            Field("appointment_weight", "预约倍数", N, "等候加倍计：到点的预约等一分钟当几分钟。", "倍"),
            Field("ratio", "优先号", N, "按比例穿插：先叫几个优先号。", "个"),
            Field("ratio_normal", "普通号", N, "按比例穿插：再叫几个普通号。", "个"),
            Field("aged_minutes", "久等界限", N, "久等提前：普通号等满多少分钟不再让。", "分钟"),
            Field(
                "green_share_percent",
                "绿色通道至多占",
                N,
                "优先在前、按比例穿插：超出占比后绿色通道按普通叫；100 为不限。",
                "%",
            ),
            Field("max_wait_minutes", "最长等候", N, "等满后不论规则先叫；0 为不设。", "分钟"),
        ),
        rows=True,
        own=True,
        columns=("rule", "green_weight", "max_wait_minutes"),
    ),
    Section(
        "green",
        "绿色通道",
        "哪些人可以走绿色通道。",
        "rules",
        (
            Field(
                "green_reasons",
                "事由",
                Widget.SOME,
                "自助机和窗口可选的事由。",
                choices=_GREEN,
                unset="不设绿色通道",
            ),
        ),
    ),
    Section(
        "appointments",
        "预约到场",
        "预约的人早到、迟到怎么算；每时段留给预约的号数在“限号与时段”里设。",
        "rules",
        (
            Field(
                "early_minutes", "最早签到", N, "预约时间前多少分钟起算准时到；更早来的按预约时间排。", "分钟"
            ),
            Field("grace_minutes", "迟到宽限", N, "迟到不超过此数，仍按准时优先。", "分钟"),
            Field("late_minutes", "预约保留", N, "迟到超过此数，预约作废，按现场取号。", "分钟"),
        ),
    ),
    Section(
        "booking",
        "网上预约",
        "居民能否预约、提前多久、哪些时间；只有留了预约号数的业务可约。",
        "booking",
        (
            Field("open", "开放预约", Y, "不勾选时，预约页面说明暂不开放。"),
            Field("days_ahead", "可提前", N, "可以预约多少天之后的号；0 为只约当天。", "天"),
            Field("lead_minutes", "最晚提前", N, "时段开始前多少分钟停止预约。", "分钟"),
            Field(
                "hours",
                "可约时间",
                Widget.LINES,
                "一行一段，例如 09:00-12:00，按先后写，不重叠。",
                wrong="应写成 09:00-12:00 这样的时间段",
            ),
            Field("days", "可约日子", Widget.SOME, "节假日不预约，除非勾选。", choices=_DAYS, required=True),
            Field("per_person", "一人可约", N, "同一人同时最多有几个预约。", "个"),
            Field("per_address", "同一网络每小时", N, "同一网络地址一小时最多预约几次。", "次"),
        ),
    ),
    Section(
        "noshow",
        "过号与叫号",
        "叫了不来怎么办，叫号多久失效，误按多久内可撤回。",
        "rules",
        (
            Field("recalls_before_no_show", "过号前重呼", N, "至少重呼几次才可以按过号。", "次"),
            Field("no_show_policy", "过号处理", Widget.CARDS, choices=_NO_SHOW, required=True),
            Field("back_places", "后移位数", N, "选“后移几位”时，排到多少位之后。", "位"),
            Field("return_places", "恢复插入", N, "恢复的号排到多少位之后。", "位"),
            Field("call_expires_seconds", "叫号有效", N, "超过后不再播报迟到的叫号。", "秒"),
            Field("undo_seconds", "撤回期限", N, "窗口操作后多久内可以撤回；0 为不可撤回。", "秒"),
        ),
    ),
    Section(
        "postponing",
        "我要晚一点",
        "取号的人在手机页面上说来不及时，号怎么办。",
        "rules",
        (
            Field("postpone", "处理", Widget.CARDS, choices=_POSTPONE, required=True),
            Field("postpone_minutes", "挂起", N, "选“暂时挂起”时，放多久。", "分钟"),
            Field("postpone_places", "后移", N, "选“后移几位”时，后移多少位。", "位"),
            Field("postpones_per_ticket", "每个号可用", N, "0 为不可用。", "次"),
        ),
    ),
    Section(
        "limits",
        "取号限制",
        "防止占号，临近下班自动停号，二次上门怎么算。",
        "rules",
        (
            Field("open_per_person", "一人未办的号", N, "同一人同时最多持有几个号。", "个"),
            Field("hoarding_per_day", "占号提醒", N, "同一人一天取号达到此数时提醒管理员。", "个"),
            Field("stop_before_closing", "办不完时提前停号", Y, "预计下班前办不完时，自动停止取号并说明。"),
            Field("second_visit_days", "二次上门期", N, "同一事项在多少天内再来，计为二次上门。", "天"),
        ),
    ),
    Section(
        "lamps",
        "现场提示",
        "“大厅现场”页面上何时亮黄灯、红灯，何时提醒。",
        "rules",
        (
            Field("wait_yellow_minutes", "等候黄灯", N, "等候超过此数亮黄灯。", "分钟"),
            Field("wait_red_minutes", "等候红灯", N, "等候超过此数亮红灯。", "分钟"),
            Field("service_yellow_minutes", "办理黄灯", N, "一个号办理超过此数亮黄灯。", "分钟"),
            Field("service_red_minutes", "办理红灯", N, "一个号办理超过此数亮红灯。", "分钟"),
            Field("idle_minutes", "空闲提醒", N, "有人等候而窗口空着超过此数时提醒。", "分钟"),
            Field("guide_minutes", "求助提醒", N, "呼叫导办超过此数无人响应时提醒。", "分钟"),
        ),
    ),
    Section(
        "voice",
        "语音",
        "叫号怎么念。",
        "voice",
        (
            Field(
                "wording",
                "句式",
                Widget.CARDS,
                choices=(
                    Choice("number-first", "号在前", "A 零一二号，请到三号窗口办理"),
                    Choice("please-first", "请在前", "请 A 零一二号到三号窗口"),
                ),
                required=True,
            ),
            Field(
                "one",
                "号码中的 1",
                Widget.CARDS,
                choices=(
                    Choice("幺", "念“幺”", "不易听成“七”，适合嘈杂的大厅"),
                    Choice("一", "念“一”", "按书面念法"),
                ),
                required=True,
            ),
            Field("voice", "声音", Widget.CHOICE, RESTART, choices=_VOICES, required=True),
            Field(
                "render",
                "在本机合成语音",
                Y,
                "由大厅服务器在后台合成。大厅说明文件中也开启时有效。" + RESTART,
            ),
        ),
    ),
    Section(
        "pronunciations",
        "本地读音",
        "语音把哪些字词念错了，在这里改：地名、窗口名、多音字。发布后在后台重新合成，其间仍念原来的。",
        "pronunciations",
        (
            Field(
                "written",
                "字词",
                T,
                "与窗口号里的写法相同，例如 重庆。",
                required=True,
                wrong="至多 32 个字，不含空格和花括号",
            ),
            Field(
                "spoken",
                "念作",
                T,
                "带声调数字的拼音，例如 chong2 qing4（轻声为 5），或读音相同的汉字。",
                required=True,
                wrong="至多 64 个字，不含花括号",
            ),
        ),
        rows=True,
        own=True,
        columns=("spoken",),
    ),
    Section(
        "boards",
        "综合屏",
        "挂在大厅里的叫号屏：显示和播报哪些专区，几行。",
        "boards",
        (
            _ID,
            Field("title", "标题", T, "屏幕上方的字。", required=True),
            Field("zones", "专区", Widget.SOME, "不选则显示全部专区。", of="zones", unset="全部"),
            Field("rows", "行数", N, "一屏显示几行；字随行数变大变小。", "行"),
        ),
        rows=True,
        own=True,
        columns=("id", "zones", "rows"),
    ),
    Section(
        "kiosks",
        "自助机",
        "某台自助机只办哪些专区；没有列出的自助机办全部专区。发布后立即生效，不必重启。",
        "kiosks",
        (
            Field("id", "自助机", Widget.ONE, of="kiosks", required=True),
            Field(
                "zones",
                "专区",
                Widget.SOME,
                "不选则按自助机本机的设置，本机没有设置就是全部。",
                of="zones",
                unset="全部",
            ),
        ),
        rows=True,
        own=True,
        columns=("zones",),
    ),
    Section(
        "notices",
        "滚动通知",
        "综合屏和自助机上滚动显示的话。",
        "hall",
        (Field("notices", "通知", Widget.LINES, "一行一条，按此顺序滚动。", unset="无"),),
    ),
)
BY_KEY = {section.key: section for section in SECTIONS}
NAMED_BY = {
    "zones": "name",
    "services": "name",
    "windows": "label",
    "boards": "title",
    "calling": "group",
    "pronunciations": "written",
    "kiosks": "id",
    "rota": "name",
}


def section_of(table: str, field: str) -> Section | None:
    """The first section that asks for a field of a table."""
    fits = (s for s in SECTIONS if s.table == table and (not field or s.field(field)))
    return next(fits, None)


def field_of(table: str, name: str) -> Field | None:
    """The field of a table, wherever it is asked for."""
    section = section_of(table, name)
    return section.field(name) if section and name else None
