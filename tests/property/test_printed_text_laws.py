"""Laws of texts on bills: what is let in can be printed and stands in XML as it is; the rest is told."""

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.core.printed_text import TEXT_MAX, BadText, refuse_texts, text_faults
from acquit.documents.glyphs import missing_glyphs

HOSTILE = [
    "\x00", "\x07", "\x1b", "\x7f", "\x85", "\t", "\n", "\r", "\u2028", "\u2029", "\u200b", "\u200d",
    "\u202e", "\u2066", "\ufeff", "\ufffe", "\uffff", "\ud800", "\udfff", "\ue000", "\U0001fffe", "😀",
    "☃", "中",
]  # fmt: skip
EUROPEAN = st.text("AZaz09 éßŒĀğŵ€’–«»&<>\"'\u00a0\u202fΩЖ\u0301", max_size=TEXT_MAX)


@given(st.text(st.characters(), max_size=40) | EUROPEAN)
def test_what_is_let_in_is_printed_and_stands_in_xml(text: str) -> None:
    if text_faults([("It", text)], missing_glyphs):
        return
    element = ElementTree.Element("Name")
    element.text = text
    assert (ElementTree.fromstring(ElementTree.tostring(element, "utf-8")).text or "") == text
    assert not missing_glyphs(text)
    assert not any(unicodedata.category(sign)[0] == "C" for sign in text)


@given(EUROPEAN)
def test_what_europe_writes_is_let_in(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert text_faults([("It", text)], missing_glyphs) == [] or missing_glyphs(composed)


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
@given(before=EUROPEAN, after=EUROPEAN)
def test_a_hostile_sign_is_refused_wherever_it_stands(sign: str, before: str, after: str) -> None:
    with pytest.raises(BadText) as refused:
        refuse_texts([("The name", f"{before}{sign}{after}"[:TEXT_MAX] + sign)], missing_glyphs, 2 * TEXT_MAX)
    assert refused.value.message.isprintable(), "the message can be shown"


def test_every_fault_is_told_and_a_long_text_is_one() -> None:
    texts = [("The name", "a" * 256), ("The city", "Nantes"), ("The street", "1 rue\x00 😀"), ("It", "x😀")]
    assert text_faults(texts, missing_glyphs) == [
        "The name has 256 characters, 255 at most are printed.",
        "The street has U+0000, which no paper and no XML shows: take it out, or write a blank.",
        "It has U+1F600, which the fonts of papers do not have: write it in other letters.",
    ]
