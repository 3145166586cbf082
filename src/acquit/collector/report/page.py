"""A report as one page of HTML that needs nothing else: no script, no font, no network; every text is
escaped.

Each section has its chart, one for each currency, and the table that the chart is drawn from.
"""

from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby
from typing import Final

from acquit.collector.report import chart
from acquit.collector.report.answer import Answer, Kind, Row, kind_of
from acquit.collector.report.chart import Bar, Part
from acquit.collector.report.style import HATCH, STYLE
from acquit.collector.report.terminal import telling
from acquit.collector.report.whole import Report
from acquit.collector.report.words import Words

BARS_MAX: Final = 15
SOURCES: Final = ("read", "inferred", "unknown")
LATE: Final = frozenset({"overdue"})


def page_of(report: Report, words: Words) -> str:
    """Return the page."""
    title = escape(words.title("report"))
    sections = "".join(_section(report, name, words) for name in report.sections)
    return (
        f'<!doctype html>\n<html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>{HATCH}"
        f'<header><h1>{title}</h1><p class="scope">{escape(words.scope(report.question))}</p>'
        f"{_state(report, words)}{_contents(report, words)}</header>"
        f"<main>{sections}</main><footer><p>{escape(words.say('made_by'))}</p></footer></body></html>\n"
    )


def _state(report: Report, words: Words) -> str:
    said = ""
    if report.is_complete is not None:
        lacking = "" if report.is_complete else " lacking"
        said = f'<p class="state{lacking}">{escape(words.say("incomplete" if lacking else "complete"))}</p>'
    if report.later_count:
        said += f'<p class="note">{escape(words.say("later", count=words.count(report.later_count)))}</p>'
    return said


def _contents(report: Report, words: Words) -> str:
    links = "".join(
        f'<li><a href="#{name}">{escape(words.title(report.section(name)[0].name))}</a></li>'
        for name in report.sections
        if name != "headline"
    )
    return f'<nav aria-label="{escape(words.say("figures"), quote=True)}"><ol>{links}</ol></nav>'


def _section(report: Report, name: str, words: Words) -> str:
    first, *others = report.section(name)
    body = _figures(first, words) if name == "headline" else _answer(first, words)
    more = "".join(f"<h3>{escape(words.title(one.name))}</h3>{_answer(one, words)}" for one in others)
    heading = f'<h2 id="{name}-title">{escape(words.title(first.name))}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">{heading}{body}{more}</section>'


def _answer(answer: Answer, words: Words) -> str:
    note = words.note(answer.name)
    said = f'<p class="note">{escape(note)}</p>' if note else ""
    if not answer.rows:
        return f"{said}<p>{escape(words.say('nothing'))}</p>"
    return said + _charts(answer, words) + _table(answer, words)


def _figures(answer: Answer, words: Words) -> str:
    """Return the headline: a block of figures for each currency."""
    if not answer.rows:
        return f"<p>{escape(words.say('nothing'))}</p>"
    blocks = []
    for _, rows in groupby(answer.rows, key=answer.currency):
        figures = "".join(
            f'<div class="{"late" if answer.value(row, "figure") in LATE else "figure"}">'
            f"<dt>{escape(words.word(answer.value(row, 'figure')))}</dt>"
            f"<dd>{escape(_money(answer, row, 'amount_minor', words))}"
            f" <small>{escape(answer.currency(row))}</small></dd>"
            "</div>"
            for row in rows
        )
        blocks.append(f'<dl class="figures">{figures}</dl>')
    return "".join(blocks)


# ---------------------------------------------------------------- tables


def _table(answer: Answer, words: Words) -> str:
    places = telling(answer)
    head = "".join(
        f'<th scope="col"{_class(answer.columns[place])}>{escape(words.label(answer.columns[place]))}</th>'
        for place in places
    )
    body = "".join(_row(answer, row, places, words) for row in answer.rows)
    totals = answer.totals if len(answer.rows) > 1 else ()
    foot = "".join(_total(answer, row, places, words) for row in totals)
    foot = f"<tfoot>{foot}</tfoot>" if foot else ""
    caption = f"<caption>{escape(words.title(answer.name))}</caption>"
    left_out = escape(words.say("more", count=words.count(answer.left_out))) if answer.left_out else ""
    return (
        f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table></div>" + (f'<p class="note">{left_out}</p>' if left_out else "")
    )


def _row(answer: Answer, row: Row, places: Sequence[int], words: Words) -> str:
    cells = []
    for position, place in enumerate(places):
        column = answer.columns[place]
        tag, scope = ("th", ' scope="row"') if position == 0 else ("td", "")
        label = f' data-label="{escape(words.label(column), quote=True)}"'
        cells.append(f"<{tag}{scope}{_class(column)}{label}>{escape(words.cell(answer, row, place))}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>"


def _total(answer: Answer, row: Row, places: Sequence[int], words: Words) -> str:
    """Return the row of a currency's total; its first cell says so."""
    others = places[1:]
    cells = [f'<th scope="row">{escape(words.say("total"))}</th>']
    for place in others:
        column = answer.columns[place]
        label = f' data-label="{escape(words.label(column), quote=True)}"'
        cells.append(f"<td{_class(column)}{label}>{escape(words.cell(answer, row, place))}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _class(column: str) -> str:
    kind = kind_of(column)
    if kind in (Kind.MONEY, Kind.COUNT):
        return ' class="number"'
    if kind in (Kind.DAY, Kind.MONTH) or column in ("bill_id", "currency"):
        return ' class="fixed"'
    return ' class="word"' if kind is Kind.WORD else ""


def _money(answer: Answer, row: Row, column: str, words: Words) -> str:
    return words.money(int(answer.value(row, column) or 0), answer.currency(row))


# ---------------------------------------------------------------- charts


def _charts(answer: Answer, words: Words) -> str:
    make = CHARTS.get(answer.name)
    if make is None:
        return ""
    amounts = [place for place, name in enumerate(answer.columns) if kind_of(name) is Kind.MONEY]
    drawn = []
    for currency, rows in groupby(answer.rows, key=answer.currency):
        title = f"{words.title(answer.name)}, {currency}"
        group = list(rows)
        if any(row[place] for row in group for place in amounts):
            drawn.append(make(answer, group, words, title))
    return "".join(drawn)


def _by_source(label: Callable[[Answer, Row, Words], str]) -> "Chart":
    """Return a chart whose bars are split by where the fact comes from."""

    def draw(answer: Answer, rows: Sequence[Row], words: Words, title: str) -> str:
        bars = [
            Bar(
                label(answer, row, words),
                tuple(Part(int(answer.value(row, f"{one}_minor") or 0), one) for one in SOURCES),
                _figure(answer, row, "due_minor" if "due_minor" in answer.columns else "net_minor", words),
            )
            for row in rows[:BARS_MAX]
        ]
        return _legend(words) + chart.rows(bars, title)

    return draw


def _ranked(label: str, amount: str, kind: str = "plain") -> "Chart":
    """Return a chart of the largest rows by one amount."""

    def draw(answer: Answer, rows: Sequence[Row], words: Words, title: str) -> str:
        bars = [
            Bar(
                words.cell(answer, row, answer.columns.index(label)) or "–",
                (_signed(int(answer.value(row, amount) or 0), kind),),
                _figure(answer, row, amount, words),
            )
            for row in rows[:BARS_MAX]
        ]
        return chart.rows(bars, title)

    return draw


def _signed(minor: int, kind: str) -> Part:
    """More and less have colours of their own where a chart shows both; the side of the axis says it too."""
    return Part(minor, kind if kind == "plain" else "less-bar" if minor < 0 else "more-bar")


def _by_month(answer: Answer, rows: Sequence[Row], words: Words, title: str) -> str:
    bars = [
        Bar(
            words.cell(answer, row, answer.columns.index("month_on")) or "–",
            (Part(int(answer.value(row, "total_minor") or 0), "plain"),),
            _figure(answer, row, "total_minor", words),
        )
        for row in rows
    ]
    return chart.columns(bars, title)


def _figure(answer: Answer, row: Row, column: str, words: Words) -> str:
    return f"{_money(answer, row, column, words)} {answer.currency(row)}"


def _legend(words: Words) -> str:
    signs = "".join(
        f'<li><svg width="14" height="10" aria-hidden="true">'
        f'<rect class="{one}" x="1" y="1" width="12" height="8"/></svg>'
        f"{escape(words.word(one))}</li>"
        for one in SOURCES
    )
    return f'<ul class="legend">{signs}</ul>'


def _week(answer: Answer, row: Row, words: Words) -> str:
    week = answer.value(row, "week_on")
    return words.day(week) if week else words.word(answer.value(row, "falls"))


def _bucket(answer: Answer, row: Row, words: Words) -> str:
    return words.word(answer.value(row, "bucket"))


def _order(answer: Answer, row: Row, words: Words) -> str:
    return str(answer.value(row, "purchase_order") or words.say("none"))


Chart = Callable[[Answer, Sequence[Row], Words, str], str]

CHARTS: Final[dict[str, Chart]] = {
    "due": _by_source(_week),
    "ageing": _by_source(_bucket),
    "orders": _by_source(_order),
    "months": _by_month,
    "changes": _ranked("reason", "difference_minor", "signed"),
    "change-accounts": _ranked("account", "difference_minor", "signed"),
    "accounts": _ranked("account", "total_minor"),
    "services": _ranked("domain", "net_minor"),
    "cost-centres": _ranked("cost_centre", "net_minor"),
    "without-order-reasons": _ranked("why", "total_minor"),
}
