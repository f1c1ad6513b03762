"""Guide: the guide sheet (一次性告知单) of an item for this situation, and the place to lay the card."""

from __future__ import annotations

from kivy.properties import StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from assets.ui.pictures import Sample
from assets.ui.theme import theme
from assets.ui.widgets.panel import Panel
from contract.catalogue import Item, Situation
from contract.guide_sheet import materials
from kiosk import samples as made_up
from kiosk.flows import events as e
from kiosk.flows.shelf import Answers, Shelf
from kiosk.flows.state import State
from kiosk.flows.take import GuidePage as GuideScreen
from kiosk.flows.words import EXAMPLE, handling, page_say, take_offer
from kiosk.screens.page import Emit, Page, load_kv, pictured
from kiosk.screens.parts import Choice, MaterialRow, Paged, TakeBand, line_of

ONE_LINE = 16
"""Names of at most so many characters stand in one line."""
SHORT = 6
"""Replies of at most so many characters stand three in a row."""


class Fact(BoxLayout):
    """A line with a symbol: who decides, how long, what it costs."""

    icon = StringProperty("")
    text = StringProperty("")


class Heading(BoxLayout):
    """Title of a block, with a remark at the right."""

    text = StringProperty("")
    note = StringProperty("")


class OftenReturned(Panel):
    """Why people lately went away without result, so that this one does not."""

    text = StringProperty("")


class GuidePage(Page):
    """See the module."""

    def __init__(self, emit: Emit, **options: object) -> None:
        super().__init__(emit, **options)
        self.title_level, self.title_wraps, self.title_lines = "title", True, 2
        self._facts = BoxLayout(orientation="vertical", spacing=0)
        self._paged = Paged()
        self._band = TakeBand()
        self._band.bind(on_take=lambda _: self.emit(e.Take()))
        self.ids.content.add_widget(self._paged)
        self.ids.content.add_widget(self._band)
        self._item = ""

    def draw(self, state: State, screen: GuideScreen) -> None:
        """The item's elements above, questions and materials in the middle, the band below."""
        shelf = state.facts.shelf or Shelf()
        item = shelf.item.get(screen.item)
        if item is None:
            return
        self.title = item.name
        self.title_lines = 1 if len(item.name) <= ONE_LINE else 2
        self.title_level = "lead" if theme.scale == "elder" else "title"
        self.say(page_say(state, "") if state.notice else None)
        self._show_facts(item, shown=state.notice is None)
        self._band.offer(take_offer(state, screen.service))
        if self.changed("sheet", item, screen.answers):
            self._paged.block_gap = theme.gap * 0.8
            self._paged.fill(self._blocks(item, screen.answers), keep_page=self._item == item.code)
            self._item = item.code

    def _show_facts(self, item: Item, *, shown: bool) -> None:
        place = self.ids.facts
        if self.changed("facts", item):
            self._facts.clear_widgets()
            for icon, text in (
                ("office-building-outline", _department(item)),
                ("calendar-check-outline", handling(item)),
                ("cash-multiple", f"收费：{item.fee or '以窗口公示为准'}"),
            ):
                self._facts.add_widget(Fact(icon=icon, text=text))
        if shown and self._facts.parent is None:
            place.add_widget(self._facts)
        elif not shown and self._facts.parent is not None:
            place.remove_widget(self._facts)

    def _blocks(self, item: Item, answers: Answers) -> list[Widget]:
        blocks: list[Widget] = []
        for position, question in enumerate(item.situations):
            blocks += self._question(position, question, answers[position])
        papers = materials(item, answers)
        open_questions = any(answer is None for answer in answers)
        note = "选好您的情况，材料更准确" if open_questions else "按您的情况"
        blocks.append(Heading(text=f"所需材料（{len(papers)}项）", note=note))
        if item.often_returned:
            blocks.insert(-1, OftenReturned(text=item.often_returned))
        remark = Heading(text="", note=EXAMPLE)
        return [*blocks, *(MaterialRow(paper) for paper in papers), remark]

    def _question(self, position: int, question: Situation, answer: int | None) -> list[Widget]:
        choices = [
            self._option(position, at, option.label, chosen=answer == at)
            for at, option in enumerate(question.options)
        ]
        longest = max((len(option.label) for option in question.options), default=0)
        short = SHORT - 2 if theme.scale == "elder" else SHORT
        columns = 3 if longest <= short and len(choices) > 2 else 2
        height = max(theme.body * 2.5, theme.target)
        lines = [
            line_of(choices[at : at + columns], columns, height) for at in range(0, len(choices), columns)
        ]
        return [Heading(text=question.question), *lines]

    def _option(self, question: int, option: int, label: str, *, chosen: bool) -> Choice:
        icon = "check-circle" if chosen else "circle-outline"
        choice = Choice(text=label, chosen=chosen, icon=icon)
        choice.bind(on_release=lambda _: self.emit(e.ChooseOption(question, option)))
        return choice


def _department(item: Item) -> str:
    known = f" · 办理约{item.service_minutes}分钟" if item.service_minutes else ""
    return item.department + ("" if theme.scale == "elder" else known)


PAGE = GuidePage
load_kv(__file__)


def samples() -> tuple[Sample, ...]:
    """Open, answered, with a known person, with the longest names, and refused."""
    card = made_up.item_code("居民身份证换领")
    house = made_up.item_code("国有建设用地")
    company = made_up.item_code("个体工商户")
    at = (e.ChooseZone("ga"), e.ChooseItem(card))
    chosen = (e.ChooseOption(0, 2), e.ChooseOption(1, 1))
    known = (e.CardRead(made_up.PERSON), e.Found(1, ()))
    return (
        Sample("guide", pictured(GuidePage, made_up.after(*at))),
        Sample("guide-answered", pictured(GuidePage, made_up.after(*known, *at, *chosen))),
        Sample("guide-long", pictured(GuidePage, made_up.after(e.ChooseZone("zh"), e.ChooseItem(house)))),
        Sample("guide-two", pictured(GuidePage, made_up.after(e.ChooseZone("zh"), e.ChooseItem(company)))),
        Sample("guide-alone", pictured(GuidePage, made_up.after(*made_up.LONELY, *at, *chosen))),
        Sample("guide-away", pictured(GuidePage, made_up.after(*at, e.ServerGone()))),
        Sample(
            "guide-refused",
            pictured(GuidePage, made_up.after(*at, e.CardRefused("暂不支持读取这种证件，请无证取号"))),
        ),
    )
