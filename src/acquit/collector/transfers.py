"""From bills to transfers: one file for each provider, in which every transfer tells what it pays.

One transfer a bill, with the bill's own ISO 11649 reference, is the default: any provider matches it without
a person. `bundle` makes one transfer of all, which says the numbers of the bills in 140 characters.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from stdnum import iso11649

from acquit.collector.fault import Fault
from acquit.collector.payable import Credit, LeftOut, Owed, iban_of, wrong_account
from acquit.collector.payment_settings import Creditor, PaymentSettings, compact
from acquit.documents.pain001 import TEXT_MAX, BankParty, Transfer, TransferFile
from acquit.documents.sepa_text import sepa_text

MESSAGE_HEX: Final = 16


@dataclass(frozen=True, slots=True)
class Paid:
    """One bill and what a transfer pays of it: what is open less the credits taken off here."""

    owed: Owed
    pay_to: BankParty
    amount_minor: int
    reference: str


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one provider gets: what each bill gets, the credits taken off, the transfers."""

    provider: str
    paid: tuple[Paid, ...]
    credits: tuple[Credit, ...]
    transfers: tuple[Transfer, ...]

    @property
    def total_minor(self) -> int:
        """What leaves the account."""
        return sum(one.amount_minor for one in self.transfers)

    @property
    def ibans(self) -> list[str]:
        """Where it goes."""
        return sorted({one.payee.iban for one in self.transfers})

    @property
    def payee(self) -> str:
        """Who gets it."""
        return self.paid[0].pay_to.name


@dataclass(frozen=True, slots=True)
class Trust:
    """IBANs that a provider was paid at or that were configured, those accepted just now, the payer's own."""

    known: Mapping[str, frozenset[str]]
    accepted: frozenset[str]
    own_iban: str = ""


def batches(
    bills: Sequence[Owed],
    open_credits: Sequence[Credit],
    settings: PaymentSettings,
    trust: Trust,
    *,
    bundle: bool,
) -> tuple[list[Batch], list[LeftOut]]:
    """Return what each provider gets, and the bills that cannot be paid with the reason.

    Raises Fault (question) when a bundle does not fit.
    """
    by_provider: dict[str, list[Owed]] = {}
    for owed in bills:
        by_provider.setdefault(owed.provider, []).append(owed)
    made, left_out = [], []
    for provider, theirs in sorted(by_provider.items()):
        paid, left = _routed(theirs, _creditor(settings, provider), provider, trust)
        left_out += left
        taken = [one for one in open_credits if one.provider == provider and one.currency == "EUR"]
        if sum(one.amount_minor for one in paid) <= sum(one.amount_minor for one in taken):
            left_out += [
                LeftOut(one.owed, "the provider's credits are as much or more", False) for one in paid
            ]
        else:
            made.append(_batch(provider, _less(paid, taken), tuple(taken), bundle=bundle))
    return made, left_out


def file_of(
    batch: Batch, number: int, debtor: BankParty, made_at: datetime, execute_on: date
) -> TransferFile:
    """Return the batch as a file for the bank; its message id says hand-over and content."""
    told = [number, made_at.isoformat(), execute_on.isoformat(), debtor.iban]
    told += [(one.end_to_end, one.amount_minor, one.payee.iban, one.reference) for one in batch.transfers]
    digest = hashlib.sha256(repr(told).encode()).hexdigest()[:MESSAGE_HEX]
    return TransferFile(f"ACQUIT-{number:04d}-{digest}", made_at, execute_on, debtor, batch.transfers)


# ---------------------------------------------------------------- where to


def _creditor(settings: PaymentSettings, provider: str) -> Creditor | None:
    """Return what is configured of a provider: under `FR@host` or `FR`."""
    return settings.creditors.get(provider) or settings.creditors.get(provider.partition("@")[0])


def _routed(
    bills: Iterable[Owed], creditor: Creditor | None, provider: str, trust: Trust
) -> tuple[list[Paid], list[LeftOut]]:
    """Return where each bill is paid to, and those whose account cannot be trusted."""
    known = trust.known.get(provider, frozenset()) | frozenset(creditor.ibans if creditor else ())
    routed = [(owed, _pay_to(owed, creditor)) for owed in bills]
    told = {pay_to.iban for _, pay_to in routed if not wrong_account(pay_to.iban, pay_to.bic)}
    paid, left = [], []
    for owed, pay_to in routed:
        own = "the IBAN on its paper is your own" if pay_to.iban == trust.own_iban else ""
        reason = wrong_account(pay_to.iban, pay_to.bic) or own or _distrust(pay_to.iban, told, known, trust)
        if reason:
            left.append(LeftOut(owed, reason, True))
        else:
            paid.append(Paid(owed, pay_to, owed.open_minor, compact(owed.reference)))
    return paid, left


def _pay_to(owed: Owed, creditor: Creditor | None) -> BankParty:
    """Return the account on the paper, else the configured one; names and address as configured first."""
    read, bic = iban_of(owed), compact(owed.bic)
    name = creditor.name if creditor else owed.payee
    address = creditor.address if creditor else None
    if read or creditor is None or not creditor.ibans:
        return BankParty(name or owed.subsidiary, read, bic, address)
    return BankParty(name, creditor.ibans[0], creditor.bic, address)


def _distrust(iban: str, told: set[str], known: frozenset[str], trust: Trust) -> str:
    """Return why nothing goes to an IBAN without a person's word; an empty text when it is a known one."""
    if iban in known or iban in trust.accepted or (not known and len(told) == 1):
        return ""
    before = f"until now it was {', '.join(sorted(known))}" if known else "the papers name several"
    return (
        f"ITS IBAN IS NEW: {iban}; {before}. Ask the provider at a number that you know, not one on the "
        f"paper; then --accept-new-iban {iban}"
    )


# ---------------------------------------------------------------- how much


def _less(paid: Sequence[Paid], taken: Sequence[Credit]) -> tuple[Paid, ...]:
    """Take credits off: first off the bill that one corrects, then off the bills due first."""
    left = {one.owed.name: one.amount_minor for one in paid}
    for credit in taken:
        rest = credit.amount_minor
        first = [one for one in paid if one.owed.bill_id == credit.corrects]
        for one in [*first, *paid]:
            part = min(rest, left[one.owed.name])
            left[one.owed.name] -= part
            rest -= part
    return tuple(replace(one, amount_minor=left[one.owed.name]) for one in paid)


def _batch(provider: str, paid: tuple[Paid, ...], taken: tuple[Credit, ...], *, bundle: bool) -> Batch:
    moved = [one for one in paid if one.amount_minor > 0]
    transfers = [_bundled(provider, moved)] if bundle and len(moved) > 1 else [_single(one) for one in moved]
    return Batch(provider, paid, taken, tuple(transfers))


def _single(one: Paid) -> Transfer:
    is_proven = iso11649.is_valid(one.reference)
    text = one.owed.bill_id if is_proven or not one.reference else f"{one.owed.bill_id} {one.owed.reference}"
    return Transfer(
        one.owed.bill_id, one.pay_to, one.amount_minor,
        reference=one.reference if is_proven else "", text="" if is_proven else text,
    )  # fmt: skip


def _bundled(provider: str, moved: Sequence[Paid]) -> Transfer:
    if len({one.pay_to.iban for one in moved}) > 1:
        raise Fault("question", f"The bills of {provider} go to several IBANs: leave --bundle out.")
    text = " ".join(one.owed.bill_id for one in moved)
    if len(text) > TEXT_MAX or sepa_text(text, TEXT_MAX) != text:
        raise Fault(
            "question",
            f"{len(moved)} bills of {provider} do not fit in the {TEXT_MAX} characters of one transfer: "
            "leave --bundle out, each bill then has a transfer with its own reference.",
        )
    total = sum(one.amount_minor for one in moved)
    return Transfer(f"BUNDLE-{moved[0].owed.bill_id}", moved[0].pay_to, total, text=text)
