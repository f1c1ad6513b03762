"""PURE: the forms of the voice: how numbers are said, and what it says wrongly by itself."""

from __future__ import annotations

from hall_server.setup.fields import Choice, Field, Section, Widget
from hall_server.setup.sections.recurring import RESTART

T, N, Y = Widget.TEXT, Widget.NUMBER, Widget.TICK

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

VOICE = Section(
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
        Field(
            "quiet",
            "静音时段",
            Widget.LINES,
            "这些时间不播普通广播；叫号和紧急广播照常。一行一段，例如 12:00-13:30。",
            unset="无",
            wrong="应写成 12:00-13:30 这样的时间段",
        ),
    ),
)
PRONUNCIATIONS = Section(
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
)
BROADCASTS = Section(
    "broadcasts",
    "广播词",
    "“大厅现场”里可以一点就播的话。紧急的会打断叫号，反复播报，直到停止。",
    "broadcasts",
    (
        Field("title", "名称", T, "至多 20 字，例如 消防疏散。", required=True),
        Field(
            "text",
            "内容",
            T,
            "至多 120 字。要临时填写的地方写 ＿＿，例如 请＿＿到导办台。",
            required=True,
        ),
        Field("urgent", "紧急", Y, "打断叫号，先响警示音，反复播报，直到有人停止。"),
        Field("times", "播报", N, "普通广播播几遍；播前可以改。", "遍"),
        Field("every_seconds", "间隔", N, "普通广播两遍之间隔多久。", "秒"),
    ),
    rows=True,
    own=True,
    columns=("text", "urgent", "times"),
)
