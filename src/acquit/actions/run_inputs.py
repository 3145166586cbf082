"""Everything that a page of a run was decided by, as one value, packed to be kept and decided again.

Buyers and the seller are named by the hash of their snapshot and not copied, so that personal data stays in
one place and can go from there. Accounts, services and charges, of which there are many, are packed as bare
rows in the order of their members; everything else by name. What a later version adds to the values below has
a default, so that old inputs are still read.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date
from importlib.metadata import version
from operator import attrgetter
from typing import Any, Final, get_type_hints

import msgspec

from acquit.actions.page_loading import Page, Scope
from acquit.core.account import BelowZero
from acquit.core.bill_run import Billable
from acquit.core.charge import Charge, Renewing
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.snapshot import Buyer, Seller, Snapshot, snapshot
from acquit.core.tax import Rates
from acquit.core.terms import Term, default_term
from acquit.store import run_inputs
from acquit.store.transaction import Transaction

PROGRAM: Final = f"acquit {version('acquit')}"
"""Which version of the program decides; another one may decide otherwise, and says so."""

LEVEL: Final = 1
"""Of zlib: the fastest; a higher one saves a tenth and costs twice."""


@dataclass(frozen=True, slots=True)
class RunRules:
    """What held for all accounts of the page besides the page itself."""

    legal_entity_id: LegalEntityId
    bill_series_id: str
    period_first_on: date
    seller_hash: bytes
    rates: Rates
    default_term: Term
    chart: Mapping[str, str]
    vat_on_debits: bool
    zone: str
    below_zero: BelowZero = BelowZero.CARRY


class _Rows:
    """Values of one dataclass as bare rows, in the order of its members."""

    def __init__(self, kind: type, without: frozenset[str] = frozenset()) -> None:
        kept = [each for each in fields(kind) if each.name not in without]
        hints = get_type_hints(kind)
        self.kind = kind
        self.row = attrgetter(*[each.name for each in kept])
        self.names = [each.name for each in kept]
        self.decoded = msgspec.defstruct(
            f"{kind.__name__}Row", [_member(each, hints[each.name]) for each in kept], array_like=True
        )

    @property
    def many(self) -> Any:
        """The type of a list of decoded rows."""
        return list[self.decoded]  # type: ignore[name-defined]

    @property
    def by_account(self) -> Any:
        """The type of lists of decoded rows, per account."""
        return dict[str, list[self.decoded]]  # type: ignore[name-defined]

    def value(self, row: Any, **more: object) -> Any:
        """Return the value that the decoded row was."""
        return self.kind(**{name: getattr(row, name) for name in self.names}, **more)


def _member(field: Any, hint: Any) -> tuple[str, Any] | tuple[str, Any, Any]:
    if field.default is not MISSING:
        return field.name, hint, msgspec.field(default=field.default)
    if field.default_factory is not MISSING:
        return field.name, hint, msgspec.field(default_factory=field.default_factory)
    return field.name, hint


_BILLABLE: Final = _Rows(Billable, frozenset({"buyer", "payer"}))
_RENEWING: Final = _Rows(Renewing)
_CHARGE: Final = _Rows(Charge)
_REST: Final = [
    each for each in fields(Page) if each.name not in ("accounts", "renewing", "open_charges", "snapshots")
]
_HINTS: Final = get_type_hints(Page)
_PACKED: Final[Any] = msgspec.defstruct(
    "PackedPage",
    [
        ("rules", RunRules),
        ("accounts", _BILLABLE.many),
        ("renewing", _RENEWING.by_account),
        ("open_charges", _CHARGE.by_account),
        *[_member(each, _HINTS[each.name]) for each in _REST],
    ],
)
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[Any] = msgspec.msgpack.Decoder(_PACKED)


def rules_of(scope: Scope) -> RunRules:
    """Return what of the scope decides."""
    entity = scope.entity
    return RunRules(
        entity.legal_entity_id,
        entity.bill_series_id,
        scope.period.first_on,
        snapshot(scope.seller).hash,
        scope.rates,
        default_term(entity),
        scope.chart,
        entity.vat_on_debits,
        entity.zone,
        entity.below_zero,
    )


def keep_inputs(tx: Transaction, page: Page, scope: Scope) -> None:
    """Keep what the page is decided by, for a run that writes."""
    assert scope.run_id is not None, "a rehearsal keeps nothing"
    run_inputs.add(tx, scope.run_id, len(page.accounts), PROGRAM, packed(page, scope))


def packed(page: Page, scope: Scope) -> bytes:
    """Return the page and the rules as bytes."""
    body = {
        "rules": rules_of(scope),
        "accounts": [_BILLABLE.row(each) for each in page.accounts],
        "renewing": _as_rows(_RENEWING.row, page.renewing),
        "open_charges": _as_rows(_CHARGE.row, page.open_charges),
    }
    for each in _REST:
        body[each.name] = getattr(page, each.name)
    return zlib.compress(_encoder.encode(body), LEVEL)


def named_snapshots(body: bytes) -> set[bytes]:
    """Return the hashes of the snapshots that packed inputs name."""
    found = _decoder.decode(zlib.decompress(body))
    hashes = {each.buyer_hash for each in found.accounts} | {each.payer_hash for each in found.accounts}
    return {each for each in hashes if each} | {found.rules.seller_hash}


def unpacked(body: bytes, bodies: Mapping[bytes, Mapping[str, Any]]) -> tuple[RunRules, Page]:
    """Return the rules and the page that were packed; `bodies` are the snapshots that they name.

    A buyer whose snapshot is not among them is missing in the page.
    """
    found = _decoder.decode(zlib.decompress(body))
    rest = {each.name: getattr(found, each.name) for each in _REST}
    accounts = [
        _BILLABLE.value(row, buyer=_copied(bodies, row.buyer_hash), payer=_copied(bodies, row.payer_hash))
        for row in found.accounts
    ]
    page = Page(
        accounts=accounts,
        renewing=_as_values(_RENEWING, found.renewing),
        open_charges=_as_values(_CHARGE, found.open_charges),
        snapshots=_snapshots(accounts, bodies),
        **rest,
    )
    return found.rules, page


def _copied(bodies: Mapping[bytes, Mapping[str, Any]], name: bytes | None) -> Buyer | None:
    return Buyer(**bodies[name]) if name is not None and name in bodies else None


def names_account(body: bytes, account_id: AccountId) -> bool:
    """Return whether packed inputs are those of a page with the account."""
    found = _decoder.decode(zlib.decompress(body))
    return any(each.account_id == account_id for each in found.accounts)


def seller_of(rules: RunRules, bodies: Mapping[bytes, Mapping[str, Any]]) -> Seller:
    """Return the seller as it was printed then."""
    return Seller(**bodies[rules.seller_hash])


def _as_rows(row: Any, found: Mapping[AccountId, Sequence[Any]]) -> dict[AccountId, list[Any]]:
    return {account_id: list(map(row, each)) for account_id, each in found.items()}


def _as_values(rows: _Rows, found: Mapping[str, Sequence[Any]]) -> dict[AccountId, list[Any]]:
    return {AccountId(account_id): [rows.value(row) for row in each] for account_id, each in found.items()}


def _snapshots(accounts: Sequence[Billable], bodies: Mapping[bytes, Mapping[str, Any]]) -> list[Snapshot]:
    """Return the copies of buyers and payers as the page had them."""
    hashes = dict.fromkeys(each.buyer_hash for each in accounts if each.buyer_hash)
    hashes |= dict.fromkeys(each.payer_hash for each in accounts if each.payer_hash)
    return [snapshot(Buyer(**bodies[each])) for each in hashes if each in bodies]
