"""What the official rules of electronic bills find wrong, told in plain words with what has to be mended.

The rules come as files, in one language each and for those who write software. A finding names the rule and
the business terms (BT) that it is about; from these follow whose fact it is and where that is mended.
"""

import re
from dataclasses import dataclass
from typing import Final

from acquit.core.problem import Problem

_TERM: Final = re.compile(r"\bB[TG]-([0-9]{1,3})\b")
_CATEGORY: Final = re.compile(r"BR-(S|Z|E|AE|IC|G|O)-[0-9]{2}\b")
TOLD_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a file breaks, as the official files tell it; `rule` is empty for a schema's finding."""

    rule: str
    told: str


@dataclass(frozen=True, slots=True)
class _Fact:
    """Which business terms a fact of a bill has, and what it is called."""

    terms: range
    english: str
    french: str
    where: str


_FACTS: Final = (
    _Fact(range(1, 2), "its number", "son numéro", "legal entity"),
    _Fact(range(2, 5), "its date or kind", "sa date ou sa nature", "bill"),
    _Fact(range(5, 7), "its currency", "sa devise", "exchange rates"),
    _Fact(range(7, 10), "when it falls due", "son échéance", "term"),
    _Fact(range(10, 11), "the buyer's reference", "la référence de l'acheteur", "legal party"),
    _Fact(range(11, 13), "the contract", "le contrat", "account"),
    _Fact(range(13, 14), "the purchase order", "le bon de commande", "purchase order"),
    _Fact(range(14, 20), "what it refers to", "ses références", "account"),
    _Fact(range(20, 27), "its notes or kind of exchange", "ses mentions", "legal entity"),
    _Fact(range(27, 44), "the seller", "le vendeur", "legal entity"),
    _Fact(range(44, 59), "the buyer", "l'acheteur", "legal party"),
    _Fact(range(59, 70), "who is paid", "le bénéficiaire", "legal entity"),
    _Fact(range(70, 81), "where and when it was delivered", "la livraison", "legal party"),
    _Fact(range(81, 92), "how it is paid", "le règlement", "payment method"),
    _Fact(range(92, 116), "its totals", "ses totaux", "charges"),
    _Fact(range(116, 122), "its VAT", "sa TVA", "VAT rates"),
    _Fact(range(122, 132), "its lines", "ses lignes", "charges"),
    _Fact(range(132, 133), "the order's line", "la ligne de commande", "purchase order"),
    _Fact(range(133, 150), "its lines", "ses lignes", "charges"),
    _Fact(range(150, 153), "its VAT", "sa TVA", "VAT rates"),
    _Fact(range(153, 164), "what is sold", "les articles", "charges"),
)
_VAT: Final = _Fact(range(0), "its VAT", "sa TVA", "VAT rates")
_OTHER: Final = _Fact(range(0), "the file", "le fichier", "bill")


def problem_of(finding: Finding) -> Problem:
    """Return the finding as a problem: which fact breaks which rule, what the rule says, where to mend it."""
    fact = _fact(finding)
    said = " ".join(finding.told.split())[:TOLD_MAX]
    rule = finding.rule or "XSD"
    return Problem(
        "official-rule",
        f"The official rules of electronic bills refuse {fact.english}: {said}",
        fact.where,
        rule,
        f"Les règles officielles de la facture électronique refusent {fact.french} : {said}",
    )


def _fact(finding: Finding) -> _Fact:
    """Return what the finding is about: the first business term that its rule or its words name."""
    for text in (finding.rule, finding.told):
        for number in map(int, _TERM.findall(text.replace("_", " "))):
            for fact in _FACTS:
                if number in fact.terms:
                    return fact
    return _VAT if _CATEGORY.match(finding.rule) else _OTHER


def not_judged(form: str, why: str) -> Problem:
    """Return that no bill of the form was ever judged, and cannot be now: it is not issued unseen."""
    return Problem(
        "rules-not-run",
        f"No bill of this form ({form}) has passed the official rules yet, and they cannot be run: {why} "
        "Repair the installation (`acquit bills rules` tells how it is), then retry.",
        "installation",
        "",
        f"Aucune facture de cette forme ({form}) n'a encore passé les règles officielles, et elles ne "
        f"peuvent être exécutées : {why} Réparez l'installation (voir `acquit bills rules`), puis relancez.",
    )
