"""An explanation in sentences, as one accountant tells another; English and French."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from acquit.core.bill import Bill
from acquit.core.discount import is_agreed, percent
from acquit.core.down_payment import ASKED, DEDUCTED
from acquit.core.explanation import (
    Explanation,
    LineSource,
    TaxSource,
    UsageSource,
    exact_share,
    quantity,
    unit_price,
)
from acquit.core.journal import Entry
from acquit.core.money import Currency, plain

ENGLISH: Final[Mapping[str, str]] = {
    "bill": "Bill {bill} of {on} bills account {account} {total} {currency}: {net} net and {tax} VAT.",
    "bill-credit": "Credit note {bill} of {on} takes {corrects} of {account} back: {total} {currency}.",
    "payer": "Its parent {payer} owes it.",
    "line": "{no}. {what}, from {start} to {end}: {quantity} × {price} = {exact} {currency}, {rounded}.",
    "rounded": "rounded half away from zero to {net}",
    "not-rounded": "exact to the cent",
    "renewal-monthly": "Renewal: every month on day {day}, or on the last day of a shorter month.",
    "renewal": "Renewal: every {months} months on day {day}, or on the last day of a shorter month.",
    "accepted": "It was accepted on {on} and billed once.",
    "carried": "It was let off by {on} and kept with what it lowers, which waited for a later bill.",
    "price": "Price {price} of plan {plan} ({name}), mode {mode}, catalogue {catalogue} of {version}.",
    "sold": "The service was sold at {sold} on {on} and keeps that price.",
    "other-price": "The catalogue lists {price} for that mode; the service keeps what it was sold at.",
    "usage": "Usage of {month}: {events} events of meter {meter} {gathered} {metered}.",
    "gathered-sum-period": "add up to",
    "gathered-sum-day": "add up to",
    "gathered-max-period": "have as their highest value",
    "gathered-max-day": "have highest values of each day that add up to",
    "gathered-last-period": "have as their last value",
    "gathered-last-day": "have last values of each day that add up to",
    "usage-included": "Of these, {used} are included and cost nothing.",
    "usage-committed": "{quantity} are committed and paid whether used or not; {used} of them were used.",
    "usage-within": "Of these, {used} are counted here, in the tier from {start} up to {end}; "
    "tiers begin after what is included or committed.",
    "usage-over": "Of these, {used} are counted here, in the tier over {start}; "
    "tiers begin after what is included or committed.",
    "usage-price": "The price of the meter holds since {start}.",
    "usage-late": "They are rated at {rated}; {before} for {before_net} had been charged: {off} is the rest.",
    "down-payment": "A down payment: it is asked for before the supply, and later bills deduct what is paid.",
    "deduction": "Of down payment {bill} so much was paid, without its VAT, and no bill had deducted it.",
    "moved": "The service came from account {other} on {on}: what was renewed there came back to it.",
    "moved-away": "The service went to account {other} on {on}, which is charged these days instead.",
    "days": "From {start} to {end}: {days} of the {of_days} days from {period} to {period_end}, "
    "at {quantity} × {price} = {whole} for all of them ({what}): {net}.",
    "days-back": "From {start} to {end}: {days} of the {of_days} days from {period} to {period_end}, "
    "paid at {quantity} × {price} = {whole} for all of them ({what}): {net} comes back.",
    "discount-share": "Discount {id} {name}: {share} % of the {lowers} left of the line are {exact}, "
    "so {off} off, since {start}.",
    "discount-amount": "Discount {id} {name}: at most {amount} per period, no more than the {lowers} left.",
    "let-off": "Of the {back} in the line before, {off} had been let off by discounts and nothing takes "
    "their place: that was never paid, so {net} come back.",
    "minimum": "Minimum spend {id}: {amount} per {interval}; {spent} was billed, {missing} is missing.",
    "tax": "VAT {category} at {rate} % of {base} is {exact}, so {tax}: {why}",
    "S-home": "seller and buyer are both taxed in {seller} (Directive 2006/112/EC, article 44).",
    "S-away": "it is charged where the buyer is, in {buyer} (Directive 2006/112/EC, articles 44 and 58).",
    "AE": "the buyer in {buyer} accounts for it itself under {vat_id} (Directive 2006/112/EC, article 196).",
    "K": "goods go to a business in another member state (Directive 2006/112/EC, article 138).",
    "G": "goods leave the Union (Directive 2006/112/EC, article 146).",
    "O": "the buyer in {buyer} is outside the Union (CGI, article 259-1).",
    "E": "exempt: {reason}",
    "Z": "the rate of {buyer} on that day is zero.",
    "term": "Due on {due}: {days} days after the bill{method}.",
    "method-net": "",
    "method-days-first": ", then to the end of that month",
    "method-month-first": ", counted from the end of the month",
    "grant": "The term was granted to {payer} (grant {grant}, from {start}); at most 60 days, "
    "or 45 to the end of the month (Code de commerce, L441-10).",
    "no-grant": "No term was granted: the seller's own holds (Code de commerce, L441-10).",
    "order": "Purchase order {reference} covers it: it took {net}; {left}.",
    "order-left": "{left} of {amount} are left now",
    "order-open": "the order has no maximum",
    "no-order": "It quotes no purchase order.",
    "number": "It is number {number} of series {series}; transfers quote {reference}.",
    "run": "Run {run} of {period} decided it from input {input}: acquit bills replay {run}.",
    "debt": "Debt {debt}: {open} {currency} is open now.",
    "paid": "{amount} was settled by {means}.",
    "entry": "Entry {entry} of {account}: {postings}.",
    "debit": "debit {ledger} {amount}",
    "credit": "credit {ledger} {amount}",
}

FRENCH: Final[Mapping[str, str]] = {
    "bill": "Facture {bill} du {on}, compte {account} : {total} {currency}, soit {net} HT et {tax} de TVA.",
    "bill-credit": "L'avoir {bill} du {on} annule {corrects} du compte {account} : {total} {currency}.",
    "payer": "Son parent {payer} la doit.",
    "line": "{no}. {what}, du {start} au {end} : {quantity} × {price} = {exact} {currency}, {rounded}.",
    "rounded": "arrondi à {net}, les demis s'éloignant de zéro",
    "not-rounded": "exact au centime",
    "renewal-monthly": "Renouvellement : chaque mois, le {day} ou le dernier jour d'un mois plus court.",
    "renewal": "Renouvellement : tous les {months} mois, le {day} ou le dernier jour d'un mois plus court.",
    "accepted": "Accepté le {on} et facturé une seule fois.",
    "carried": "Remise accordée au {on} et gardée avec sa ligne, qui attendait une facture ultérieure.",
    "price": "Prix {price} du plan {plan} ({name}), mode {mode}, catalogue {catalogue} du {version}.",
    "sold": "Le service a été vendu à {sold} le {on} et garde ce prix.",
    "other-price": "Le catalogue indique {price} pour ce mode ; le service garde le prix de sa vente.",
    "usage": "Consommation de {month} : {events} événements du compteur {meter} {gathered} {metered}.",
    "gathered-sum-period": "font au total",
    "gathered-sum-day": "font au total",
    "gathered-max-period": "ont pour valeur la plus haute",
    "gathered-max-day": "ont des maximums journaliers dont la somme est",
    "gathered-last-period": "ont pour dernière valeur",
    "gathered-last-day": "ont des dernières valeurs journalières dont la somme est",
    "usage-included": "Dont {used} inclus, qui ne coûtent rien.",
    "usage-committed": "{quantity} sont engagés et dus dans tous les cas ; {used} en ont été consommés.",
    "usage-within": "Dont {used} comptés ici, dans la tranche de {start} à {end} ; "
    "les tranches commencent après ce qui est inclus ou engagé.",
    "usage-over": "Dont {used} comptés ici, dans la tranche au-delà de {start} ; "
    "les tranches commencent après ce qui est inclus ou engagé.",
    "usage-price": "Le prix du compteur vaut depuis le {start}.",
    "usage-late": "Ils valent {rated} ; {before} pour {before_net} avaient été facturés : reste {off}.",
    "down-payment": "Un acompte : il est demandé avant la prestation, les factures suivantes le déduisent.",
    "deduction": "De l'acompte {bill}, autant était réglé, hors TVA, et aucune facture ne l'avait déduit.",
    "moved": "Le service est venu du compte {other} le {on} : ce qui y était renouvelé lui a été rendu.",
    "moved-away": "Le service est passé au compte {other} le {on}, à qui ces jours sont facturés.",
    "days": "Du {start} au {end} : {days} des {of_days} jours du {period} au {period_end}, "
    "à {quantity} × {price} = {whole} pour tous ces jours ({what}) : {net}.",
    "days-back": "Du {start} au {end} : {days} des {of_days} jours du {period} au {period_end}, "
    "payés {quantity} × {price} = {whole} pour tous ces jours ({what}) : {net} rendus.",
    "discount-share": "Remise {id} {name} : {share} % des {lowers} restants de la ligne font {exact}, "
    "soit {off}, depuis le {start}.",
    "discount-amount": "Remise {id} {name} : au plus {amount} par période, et des {lowers} restants.",
    "let-off": "Sur les {back} de la ligne précédente, {off} avaient été remis et rien ne les remplace : "
    "ils n'ont jamais été payés, {net} reviennent donc.",
    "minimum": "Minimum {id} : {amount} par {interval} ; {spent} ont été facturés, il manque {missing}.",
    "tax": "TVA {category} à {rate} % de {base} : {exact}, soit {tax} ; {why}",
    "S-home": "vendeur et acheteur sont imposés en {seller} (directive 2006/112/CE, article 44).",
    "S-away": "elle est due chez l'acheteur, en {buyer} (directive 2006/112/CE, articles 44 et 58).",
    "AE": "l'acheteur en {buyer} l'autoliquide sous {vat_id} (directive 2006/112/CE, article 196).",
    "K": "livraison à une entreprise d'un autre État membre (directive 2006/112/CE, article 138).",
    "G": "les biens quittent l'Union (directive 2006/112/CE, article 146).",
    "O": "l'acheteur en {buyer} est hors de l'Union (CGI, article 259-1).",
    "E": "exonéré : {reason}",
    "Z": "le taux de {buyer} à cette date est nul.",
    "term": "Échéance le {due} : {days} jours après la facture{method}.",
    "method-net": "",
    "method-days-first": ", puis fin de ce mois",
    "method-month-first": ", comptés depuis la fin du mois",
    "grant": "Le délai a été accordé à {payer} (accord {grant}, depuis le {start}) ; au plus 60 jours, "
    "ou 45 jours fin de mois (Code de commerce, L441-10).",
    "no-grant": "Aucun délai n'a été accordé : celui du vendeur vaut (Code de commerce, L441-10).",
    "order": "Le bon de commande {reference} la couvre : elle y prend {net} ; {left}.",
    "order-left": "il reste {left} sur {amount}",
    "order-open": "il n'a pas de maximum",
    "no-order": "Elle ne cite aucun bon de commande.",
    "number": "Elle porte le numéro {number} de la série {series} ; les virements citent {reference}.",
    "run": "Le lot {run} de {period} l'a décidée à partir de l'entrée {input} : acquit bills replay {run}.",
    "debt": "Dette {debt} : {open} {currency} restent dus.",
    "paid": "{amount} réglés par {means}.",
    "entry": "Écriture {entry} de {account} : {postings}.",
    "debit": "débit {ledger} {amount}",
    "credit": "crédit {ledger} {amount}",
}


def told(explanation: Explanation, language: str = "en") -> list[str]:
    """Return the explanation in sentences; French for a language that begins with `fr`."""
    return _Teller(spoken(language, ENGLISH, FRENCH), explanation).tell()


def spoken(language: str, english: Mapping[str, str], french: Mapping[str, str]) -> Mapping[str, str]:
    """Return the sentences of a language: French for one that begins with `fr`."""
    return french if language.lower().startswith("fr") else english


class Teller:
    """Fills the sentences of one language with what is known of one document."""

    def __init__(self, texts: Mapping[str, str], bill: Bill) -> None:
        self.texts = texts
        self.bill = bill
        self.currency = Currency(bill.currency)

    def _say(self, sentence: str, /, **values: object) -> str:
        return self.texts[sentence].format(**values)

    def _amount(self, minor: int) -> str:
        return plain(minor, self.currency)

    def _number(self, number: int, series_id: str) -> str:
        return self._say("number", number=number, series=series_id, reference=self.bill.payment_reference)

    def _entry(self, entry: Entry | None) -> list[str]:
        """Return the sentence of the entry in the books, if there is one."""
        if entry is None:
            return []
        postings = ", ".join(
            self._say(
                "debit" if each.amount_minor > 0 else "credit",
                ledger=each.ledger, amount=self._amount(abs(each.amount_minor)),
            )
            for each in entry.postings
        )  # fmt: skip
        return [self._say("entry", entry=entry.entry_no, account=entry.account_id, postings=postings)]


class _Teller(Teller):
    """Tells an explanation of a bill."""

    def __init__(self, texts: Mapping[str, str], explained: Explanation) -> None:
        super().__init__(texts, explained.bill)
        self.explained = explained

    def tell(self) -> list[str]:
        """Return all sentences in order."""
        lines = [sentence for line in self.explained.lines for sentence in self._line(line)]
        taxes = [self._tax(each) for each in self.explained.taxes]
        return [*self._head(), *lines, *taxes, *self._term(), *self._order(), *self._books()]

    def _head(self) -> list[str]:
        bill = self.explained.bill
        name = "bill-credit" if bill.corrects_bill_id else "bill"
        said = [
            self._say(
                name, bill=bill.bill_id, on=bill.issued_on, account=bill.account_id,
                total=self._amount(bill.total_minor), net=self._amount(bill.net_minor),
                tax=self._amount(bill.tax_minor), currency=self.currency, corrects=bill.corrects_bill_id,
            )
        ]  # fmt: skip
        return said + ([self._say("payer", payer=bill.payer_id)] if bill.payer_id != bill.account_id else [])

    def _line(self, line: LineSource) -> list[str]:
        detail = line.detail
        net = self._amount(detail.net_minor)
        rounded = self._say("rounded", net=net) if line.is_rounded else self._say("not-rounded")
        said = [
            self._say(
                "line", no=detail.detail_no, what=detail.description, start=detail.period_start,
                end=detail.period_end, quantity=quantity(detail.quantity_e4), rounded=rounded,
                price=unit_price(detail.unit_price_ucents), exact=line.exact, currency=self.currency,
            )
        ]  # fmt: skip
        if line.accepted_on is not None:
            carried = detail.kind == "discount" and is_agreed(detail.part)
            said.append(self._say("carried" if carried else "accepted", on=line.accepted_on))
        if detail.kind in (ASKED, DEDUCTED):
            said.append(
                self._say("down-payment" if detail.kind == ASKED else "deduction", bill=detail.domain)
            )
        if line.moved is not None:
            other, on = line.moved
            said.append(self._say("moved" if detail.net_minor > 0 else "moved-away", other=other, on=on))
        return [*said, *self._price(line), *self._usage(line), *self._days(line), *self._agreed(line)]

    def _price(self, line: LineSource) -> list[str]:
        price = line.price
        if price is None or line.detail.kind != "renewal":
            return []
        kind = "renewal-monthly" if price.renewal_months == 1 else "renewal"
        said = [self._say(kind, months=price.renewal_months, day=price.anniversary_day)]
        listed = price.price_ucents
        if price.catalogue:
            shown = price.sold_ucents if listed is None else listed
            said.append(
                self._say(
                    "price", price=unit_price(shown), plan=price.plan_code, name=price.plan_name,
                    mode=price.mode, catalogue=price.catalogue, version=price.version_on,
                )
            )  # fmt: skip
        said.append(self._say("sold", sold=unit_price(price.sold_ucents), on=price.sold_on))
        if listed is not None and listed != price.sold_ucents:
            said.append(self._say("other-price", price=unit_price(listed)))
        return said

    def _usage(self, line: LineSource) -> list[str]:
        usage = line.usage
        if usage is None:
            return []
        gathered = self._say(f"gathered-{usage.aggregation}-{usage.per}")
        said = [
            self._say(
                "usage", month=f"{usage.month:%Y-%m}", events=usage.events, meter=usage.meter,
                gathered=gathered, metered=quantity(usage.metered_e4),
            )
        ]  # fmt: skip
        if usage.before is not None:
            before_e4, before_minor = usage.before
            said.append(
                self._say(
                    "usage-late", rated=self._amount(usage.rated_minor), before=quantity(before_e4),
                    before_net=self._amount(before_minor), off=self._amount(line.detail.net_minor),
                )
            )  # fmt: skip
        elif usage.line:
            said.append(self._part_of_usage(line, usage))
        return [*said, self._say("usage-price", start=usage.price_from_on)]

    def _part_of_usage(self, line: LineSource, usage: UsageSource) -> str:
        used = quantity(usage.used_e4)
        if usage.line == "included":
            return self._say("usage-included", used=used)
        if usage.line == "committed" or usage.line.startswith("savings-"):
            return self._say("usage-committed", used=used, quantity=quantity(line.detail.quantity_e4))
        start = quantity(usage.from_e4)
        if usage.up_to_e4 is None:
            return self._say("usage-over", used=used, start=start)
        return self._say("usage-within", used=used, start=start, end=quantity(usage.up_to_e4))

    def _days(self, line: LineSource) -> list[str]:
        day = timedelta(days=1)
        return [
            self._say(
                "days-back" if line.detail.net_minor < 0 else "days",
                start=each.from_on, end=each.until_on - day, days=(each.until_on - each.from_on).days,
                of_days=(each.next_on - each.period_on).days, period=each.period_on,
                period_end=each.next_on - day, quantity=quantity(each.agreement.quantity_e4),
                price=unit_price(each.agreement.unit_price_ucents), what=each.agreement.description,
                whole=self._amount(each.agreement.net_minor), net=self._amount(each.net_minor),
            )
            for each in line.days
        ]  # fmt: skip

    def _agreed(self, line: LineSource) -> list[str]:
        said = []
        discount, minimum = line.discount, line.minimum
        if line.gives_back_minor is not None:
            said.append(self._let_off(line.gives_back_minor, line.detail.net_minor))
        if discount is not None:
            lowers = self._amount(line.lowers_minor or 0)
            shared: dict[str, object] = {"id": discount.discount_id, "name": discount.name, "lowers": lowers}
            if discount.share_bp is not None:
                share = percent(discount.share_bp)
                exact = exact_share(line.lowers_minor or 0, discount.share_bp, self.currency)
                off = self._amount(-line.detail.net_minor)
                shared |= {"share": share, "exact": exact, "off": off, "start": discount.from_on}
                said.append(self._say("discount-share", **shared))
            else:
                amount = self._amount(discount.amount_minor or 0)
                said.append(self._say("discount-amount", amount=amount, **shared))
        if minimum is not None:
            said.append(
                self._say(
                    "minimum", id=minimum.minimum_spend_id, amount=self._amount(minimum.amount_minor),
                    interval=minimum.interval.value, spent=self._amount(line.spent_minor or 0),
                    missing=self._amount(line.detail.net_minor),
                )
            )  # fmt: skip
        return said

    def _let_off(self, back_minor: int, off_minor: int) -> str:
        back, off, net = (self._amount(each) for each in (back_minor, off_minor, back_minor - off_minor))
        return self._say("let-off", back=back, off=off, net=net)

    def _tax(self, tax: TaxSource) -> str:
        line = tax.line
        why = self._say(
            tax.code, seller=tax.seller_country, buyer=tax.buyer_country, vat_id=tax.buyer_vat_id,
            reason=line.exemption_text,
        )  # fmt: skip
        return self._say(
            "tax", category=line.vat_category, rate=percent(line.vat_rate_bp) or "0",
            base=self._amount(line.net_minor), tax=self._amount(line.tax_minor), why=why,
            exact=exact_share(line.net_minor, line.vat_rate_bp, self.currency),
        )  # fmt: skip

    def _term(self) -> list[str]:
        bill, grant = self.explained.bill, self.explained.grant
        method = self._say(f"method-{bill.term_method}")
        said = [self._say("term", due=bill.due_on, days=bill.term_days, method=method)]
        if grant is None:
            return [*said, self._say("no-grant")]
        return [
            *said,
            self._say("grant", payer=grant.account_id, grant=grant.grant_id, start=grant.from_on),
        ]

    def _order(self) -> list[str]:
        order, bill = self.explained.order, self.explained.bill
        if order is None:
            return [self._say("no-order")]
        left = self._say("order-open")
        if order.amount_max_minor is not None:
            remains = self._amount(order.amount_max_minor - order.drawn_minor)
            left = self._say("order-left", left=remains, amount=self._amount(order.amount_max_minor))
        return [self._say("order", reference=order.reference, net=self._amount(bill.net_minor), left=left)]

    def _books(self) -> list[str]:
        known = self.explained
        said = [self._number(known.number, known.series_id)]
        if known.run is not None and known.input_no is not None:
            said.append(self._say("run", run=known.run, period=known.period, input=known.input_no))
        if known.debt is not None:
            owed = self._amount(known.debt.open_minor)
            said.append(self._say("debt", debt=known.debt.debt_id, open=owed, currency=self.currency))
            for means, minor in known.debt.paid_minor.items():
                said.append(self._say("paid", amount=self._amount(minor), means=means))
        return [*said, *self._entry(known.entry)]
