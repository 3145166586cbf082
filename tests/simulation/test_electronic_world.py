"""The electronic forms of a world's own bills, as runs issued them, pass the rules that bind them."""

from datetime import date

from acquit.demo.world import Script, build
from acquit.documents import cii, cii_reading, ubl, ubl_reading
from acquit.documents.electronic import electronic, is_electronic, is_french_exchange
from acquit.documents.paper import BillPaper
from acquit.documents.xml_tree import tree
from acquit.store import documents
from acquit.store.transaction import Database
from founding import context_on
from official_rules import broken

AS_OF = date(2026, 11, 18)


def test_every_bill_of_the_demo_passes_the_official_rules(database: Database) -> None:
    context = context_on(database, AS_OF)
    build(context, Script(AS_OF, 3, None), lambda: None)
    with database.snapshot() as tx:
        keys = documents.missing(tx, 10_000)
        papers = [BillPaper(*each) for each in documents.printed(tx, keys)]
    kinds, french, units = set(), 0, set()
    for paper in filter(is_electronic, papers):
        bill = electronic(paper)
        is_french = is_french_exchange(paper)
        for xml in (cii.render(bill), ubl.render(bill)):
            assert broken(xml, french=is_french) == [], paper.bill.bill_id
        assert cii_reading.read(tree(cii.render(bill))) == ubl_reading.read(tree(ubl.render(bill))) == bill
        kinds.add((bill.type_code, *(tax.category for tax in bill.taxes)))
        units |= {line.unit for line in bill.lines}
        french += is_french
    assert kinds >= {("380", "S"), ("380", "AE"), ("380", "O")}
    assert french > 10
    assert "E34" in units, "use is counted in its own unit"
