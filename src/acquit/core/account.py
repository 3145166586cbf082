"""Who buys, who pays, who sells: accounts, legal parties and legal entities.

An account is a customer of a legal entity. It refers to a legal party, the buyer in law, whose rows
are dated. A sub-account is an account under another: without a legal party of its own it has its
parent's, and its bills are paid by itself or by its parent.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId, LegalEntityId, LegalPartyId
from acquit.core.money import Currency
from acquit.core.purchase_order import Policy
from acquit.core.quick import quick

RESELLER_TAG: Final = "reseller"
"""An account with this tag may open sub-accounts."""

_ACCOUNT_ID: Final = re.compile(r"[a-z]{2}[0-9]{3,10}-[a-z]{2,8}")
_TAG: Final = re.compile(r"[a-z0-9:_-]{1,64}")


class NoSuchAccount(NotFound):
    """No account has this name, or not for this caller."""

    code = "no-such-account"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"There is no account {account_id}.", account=account_id)


class NoSuchLegalEntity(NotFound):
    """No legal entity has this name."""

    code = "no-such-legal-entity"

    def __init__(self, legal_entity_id: str) -> None:
        super().__init__(
            f"There is no legal entity {legal_entity_id}; `acquit init` makes one.",
            legal_entity=legal_entity_id,
        )


class BadAccountId(Invalid):
    """An account's name is two letters, digits, a dash and the legal entity's suffix."""

    code = "bad-account-id"


class BadTag(Invalid):
    """A tag is 1 to 64 of `a-z 0-9 : _ -`."""

    code = "bad-tag"


class ResellerTagMissing(Forbidden):
    """Only an account with the reseller tag opens sub-accounts and, having some, is granted terms."""

    code = "reseller-tag-missing"


class NotAPayer(Invalid):
    """A payer is the account itself or its parent."""

    code = "not-a-payer"


class AccountIdTaken(Conflict):
    """Another account bears this name."""

    code = "account-id-taken"


class SupportLevel(StrEnum):
    """What support an account bought, lowest first."""

    STANDARD = "standard"
    PREMIUM = "premium"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"

    @property
    def rank(self) -> int:
        """The level's place in the order: standard is 0."""
        return list(SupportLevel).index(self)

    @property
    def is_at_least_business(self) -> bool:
        """Whether enterprise payment may be granted at this level."""
        return self.rank >= SupportLevel.BUSINESS.rank


class AccountState(StrEnum):
    """Where an account is in its life."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class BelowZero(StrEnum):
    """What becomes of charges that come to less than nothing.

    They are set off against the next bill, or parked; or what comes back is taken back by credit notes on the
    bills that it comes from, and what was paid for it is then unapplied, or credit for the next bill.
    """

    CARRY = "carry"
    PARK = "park"
    CREDIT_NOTE = "credit-note"
    CREDIT_BALANCE = "credit-balance"


class PayerChoice(StrEnum):
    """Who owes the bills of a sub-account."""

    ITSELF = "itself"
    PARENT = "parent"


class TaxProfile(StrEnum):
    """How the tax office sees a buyer."""

    BUSINESS = "business"
    PERSON = "person"
    EXEMPT = "exempt"


@quick
@dataclass(frozen=True, slots=True)
class LegalParty:
    """The buyer in law as of `from_on`: what a bill copies."""

    legal_party_id: LegalPartyId
    from_on: date
    name: str
    country: str
    siren: str = ""
    vat_id: str = ""
    e_address: str = ""
    street: str = ""
    street_2: str = ""
    zip: str = ""
    city: str = ""
    tax_profile: TaxProfile = TaxProfile.BUSINESS
    exemption_reason: str = ""
    buyer_reference: str = ""


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """The seller that issues, numbers and books, with every setting of its own.

    In a sandbox it stands for another (`sandbox_of`), and its business date is `test_on`.
    """

    legal_entity_id: LegalEntityId
    name: str
    street: str
    zip: str
    city: str
    country: str
    currency: Currency
    zone: str
    bill_series_id: str
    credit_series_id: str
    deposit_series_id: str
    legal_form: str = ""
    capital: str = ""
    register_city: str = ""
    siren: str = ""
    siret: str = ""
    vat_id: str = ""
    e_address: str = ""
    street_2: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    iban: str = ""
    bic: str = ""
    bank_name: str = ""
    language: str = "fr_FR"
    logo: bytes | None = None
    account_suffix: str = "acq"
    granted_days: tuple[int, ...] = (30, 45, 60)
    default_days: int = 30
    net_days_max: int = 60
    month_end_days_max: int = 45
    usage_days_max: int = 45
    unpaid_after_days: int = 8
    late_rate_bp: int = 1215
    late_fee_minor: int = 4000
    vat_on_debits: bool = False
    usage_past_days: int = 400
    usage_future_days: int = 0
    approval_above_minor: int | None = None
    method_type: str = "ENTERPRISE"
    method_label: str = "PaymentEnterprisewith{days}daysdelays"
    price_notice_days: int = 30
    refunds_unused: bool = False
    bills_suspended: bool = False
    below_zero: BelowZero = BelowZero.CARRY
    orders_billed_at_once: bool = False
    pays_reverse_bills: bool = False
    brand_colour: str = ""
    sandbox_of: LegalEntityId | None = None
    test_on: date | None = None

    @property
    def sells_as(self) -> LegalEntityId:
        """The seller whose catalogue holds and whose name the wire tells: a sandbox stands for another."""
        return self.sandbox_of or self.legal_entity_id


@dataclass(frozen=True, slots=True)
class Account:
    """A customer of a legal entity; `tags` are those that have not expired.

    `wire_members` are members of the account that are kept and given back without being used. Its bills name
    the buyer's `cost_account` and the number of the `contract`. Source: EN 16931 BT-19, BT-12.
    """

    account_id: AccountId
    legal_entity_id: LegalEntityId
    payer_id: AccountId
    currency: Currency
    opened_at: datetime
    parent_id: AccountId | None = None
    sub_account_no: int | None = None
    legal_party_id: LegalPartyId | None = None
    description: str | None = None
    support_level: SupportLevel = SupportLevel.STANDARD
    state: AccountState = AccountState.COMPLETE
    language: str = "fr_FR"
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    spare_email: str | None = None
    phone: str | None = None
    wire_members: Mapping[str, object] = field(default_factory=dict)
    order_policy: Policy = Policy.PROCEED
    hold_days_max: int = 30
    cost_account: str = ""
    contract: str = ""
    tags: frozenset[str] = frozenset()

    @property
    def is_reseller(self) -> bool:
        """Whether the account may open sub-accounts."""
        return RESELLER_TAG in self.tags

    @property
    def pays_itself(self) -> bool:
        """Whether the account owes its own bills."""
        return self.payer_id == self.account_id


def is_account_id(text: str) -> bool:
    """Whether the text has the form of an account's name: `ab12345-acq`."""
    return _ACCOUNT_ID.fullmatch(text) is not None


def account_id(letters: str, number: int, suffix: str) -> AccountId:
    """Return the name made of two letters, a number (at least 5 digits) and the suffix.

    Raises BadAccountId when the parts do not make one.
    """
    text = f"{letters}{number:05d}-{suffix}"
    return checked_account_id(text)


def checked_account_id(text: str) -> AccountId:
    """Return the text as an account's name. Raises BadAccountId when it has not the form of one."""
    if not is_account_id(text):
        raise BadAccountId(
            f"{text!r} is not an account's name: two letters, 3 to 10 digits, a dash and 2 to 8 letters, "
            "as in ab12345-acq.",
            account=text,
        )
    return AccountId(text)


def checked_tag(text: str) -> str:
    """Return the text as a tag. Raises BadTag when it has not the form of one."""
    if not _TAG.fullmatch(text):
        raise BadTag(f"{text!r} is not a tag: 1 to 64 of a-z, 0-9, colon, underscore and dash.", tag=text)
    return text


def initials(*names: str) -> str:
    """Return two letters a-z from the first letters of the words, filled up with `x`.

    Accents are dropped: `Élodie Brûlé` gives `eb`.
    """
    bare = unicodedata.normalize("NFKD", " ".join(names)).lower()
    words = re.findall(r"[a-z]+", "".join(sign for sign in bare if not unicodedata.combining(sign)))
    firsts = "".join(word[0] for word in words) if len(words) > 1 else "".join(words)
    return f"{firsts}xx"[:2]


def party_on(parties: Iterable[LegalParty], on: date) -> LegalParty | None:
    """Return the newest row that is not in the future of `on`, or None."""
    return max(
        (party for party in parties if party.from_on <= on), key=lambda party: party.from_on, default=None
    )


def party_id_of(account: Account, parent: Account | None) -> LegalPartyId | None:
    """Return the account's own legal party, else its parent's."""
    if account.legal_party_id is not None or parent is None:
        return account.legal_party_id
    return parent.legal_party_id


def payer_for(owner_id: AccountId, parent_id: AccountId | None, choice: PayerChoice) -> AccountId:
    """Return who pays: the account itself or its parent. Raises NotAPayer for a parent that is not there."""
    if choice is PayerChoice.ITSELF:
        return owner_id
    if parent_id is None:
        raise NotAPayer(f"Account {owner_id} has no parent that could pay its bills.", account=owner_id)
    return parent_id


def refuse_sub_account(parent: Account) -> None:
    """Pass when the account may open a sub-account.

    Raises ResellerTagMissing without the reseller tag, NotAPayer when it is a sub-account itself.
    """
    if parent.parent_id is not None:
        raise NotAPayer(
            f"Account {parent.account_id} is a sub-account; open this one under {parent.parent_id}.",
            account=parent.account_id,
        )
    if not parent.is_reseller:
        raise ResellerTagMissing(
            f"Account {parent.account_id} lacks the tag {RESELLER_TAG!r} that opening sub-accounts needs; "
            "ask sales for it",
            account=parent.account_id,
            source="conditions of sub-accounts: reseller tag",
        )
