"""Shared bills: sub-accounts of the parent's legal party stand on one numbered bill, owed once by the parent.

What a member would be billed alone is decided first; drafts of one family that agree in currency, term, VAT
and purchase order then become one draft of the parent. What differs stays a bill of its own: another legal
party or payer, a billing group, an order of the member alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from acquit.core.bill import Detail, Draft, Sharing, Slice
from acquit.core.bill_run import Outcome
from acquit.core.charge import RENEWAL_CATEGORY
from acquit.core.errors import Conflict, Forbidden
from acquit.core.identifiers import AccountId
from acquit.core.money import rounded
from acquit.core.problem import Problem
from acquit.core.purchase_order import PurchaseOrder
from acquit.core.tax import TaxLine, tax_line


class NothingToShare(Conflict):
    """No sub-account may stand on the parent's bill; the reasons are told one by one."""

    code = "nothing-to-share"


class NotAParent(Forbidden):
    """Only an account with sub-accounts shares its bill."""

    code = "not-a-parent"


@dataclass(frozen=True, slots=True)
class Family:
    """A parent that shares its bill: how its bills are addressed, and what the members are called.

    The parent is among the `names`, itself without one.
    """

    parent_id: AccountId
    language: str
    buyer_hash: bytes
    names: Mapping[AccountId, str]
    cost_account: str = ""
    contract: str = ""


@dataclass(frozen=True, slots=True)
class Relative:
    """A sub-account as the question whether it may stand on its parent's bill looks at it."""

    account_id: AccountId
    name: str
    is_paid_by_parent: bool
    has_parents_party: bool
    has_parents_currency: bool
    is_closed: bool = False


def reasons_apart(relative: Relative) -> list[Problem]:
    """Return why the sub-account keeps bills of its own; empty when it may share."""
    found = []
    if relative.is_closed:
        found.append(Problem("closed", "It is closed.", relative.account_id))
    if not relative.has_parents_party:
        text = "It has a legal party of its own: a bill has one buyer."
        found.append(Problem("other-legal-party", text, relative.account_id))
    if not relative.is_paid_by_parent:
        text = "It pays its own bills: a shared bill is owed once, by the parent."
        found.append(Problem("other-payer", text, relative.account_id))
    if not relative.has_parents_currency:
        found.append(Problem("other-currency", "It is billed in another currency.", relative.account_id))
    return found


def refuse_sharing(parent_id: AccountId, relatives: Sequence[Relative]) -> None:
    """Pass when at least one sub-account may share. Raises NotAParent, NothingToShare with every reason."""
    if not relatives:
        raise NotAParent(
            f"Account {parent_id} has no sub-accounts to share a bill with; "
            f"`acquit account open --parent {parent_id}` opens one.",
            account=parent_id,
        )
    told = [f"{each.account_id}: {problem.message}" for each in relatives for problem in reasons_apart(each)]
    if all(reasons_apart(each) for each in relatives):
        raise NothingToShare(
            f"No sub-account of {parent_id} may stand on its bill. {' '.join(told)}", account=parent_id
        )


def share(outcomes: Sequence[Outcome], families: Iterable[Family]) -> list[Outcome]:
    """Return the outcomes with the drafts that a family shares moved to its parent, made one.

    The parent has an outcome of its own, be it empty.
    """
    family_of = {account_id: family for family in families for account_id in family.names}
    kept: dict[AccountId, list[Draft]] = {each.account_id: [] for each in outcomes}
    gathered: dict[tuple[object, ...], list[Draft]] = {}
    for draft in (draft for outcome in outcomes for draft in outcome.drafts):
        family = family_of.get(draft.sharing.account_id)
        if family is None or not _may_share(draft):
            kept[draft.sharing.account_id].append(draft)
        else:
            gathered.setdefault(_key(family, draft), []).append(draft)
    for drafts in gathered.values():
        family = family_of[drafts[0].sharing.account_id]
        alone = len(drafts) == 1 and drafts[0].sharing.account_id == family.parent_id
        kept[family.parent_id].append(drafts[0] if alone else _merged(family, drafts))
    return [replace(each, drafts=tuple(kept[each.account_id])) for each in outcomes]


def _may_share(draft: Draft) -> bool:
    order = draft.order
    return draft.sharing.billing_group_id is None and (order is None or order.is_family)


def _key(family: Family, draft: Draft) -> tuple[object, ...]:
    sharing, order = draft.sharing, draft.order
    return (
        family.parent_id, sharing.currency, sharing.term, sharing.grant_id, draft.case,
        None if order is None else order.purchase_order_id,
    )  # fmt: skip


def _merged(family: Family, drafts: Sequence[Draft]) -> Draft:
    """Return one draft of the parent; VAT is computed once, on the sum."""
    first = drafts[0]
    owned = [_owned(family, detail, draft) for draft in drafts for detail in draft.details]
    details = tuple(replace(each, detail_no=number) for number, each in enumerate(owned, 1))
    net_minor = sum(draft.net_minor for draft in drafts)
    tax = tax_line(first.case, net_minor)
    renews = any(draft.category == RENEWAL_CATEGORY for draft in drafts)
    return Draft(
        _of_parent(family, first.sharing),
        RENEWAL_CATEGORY if renews else first.category,
        first.case,
        details,
        (tax,),
        net_minor,
        tax.tax_minor,
        _order(drafts),
        slices_of(family.parent_id, details, (tax,), family.names),
    )


def _order(drafts: Sequence[Draft]) -> PurchaseOrder | None:
    return drafts[-1].order


def _owned(family: Family, detail: Detail, draft: Draft) -> Detail:
    owner_id = draft.sharing.account_id
    if owner_id == family.parent_id:
        return detail
    cost_account = detail.cost_account or draft.sharing.cost_account
    return replace(detail, owner_id=owner_id, cost_account=cost_account)


def _of_parent(family: Family, sharing: Sharing) -> Sharing:
    return replace(
        sharing,
        account_id=family.parent_id,
        payer_id=family.parent_id,
        language=family.language,
        buyer_hash=family.buyer_hash,
        payer_hash=None,
        cost_account=family.cost_account,
        contract=family.contract,
    )


def slices_of(
    account_id: AccountId,
    details: Sequence[Detail],
    taxes: Sequence[TaxLine],
    names: Mapping[AccountId, str],
) -> tuple[Slice, ...]:
    """Return what is of whom, in the order of details: each slice its net and its share of the VAT.

    The VAT of a category and rate is shared out in proportion to nets, and adds up exactly.
    """
    owners = list(dict.fromkeys(each.owner_id or account_id for each in details))
    nets = dict.fromkeys(owners, 0)
    vat = dict.fromkeys(owners, 0)
    for detail in details:
        nets[detail.owner_id or account_id] += detail.net_minor
    for tax in taxes:
        shares = dict.fromkeys(owners, 0)
        for detail in details:
            if (detail.vat_category, detail.vat_rate_bp) == (tax.vat_category, tax.vat_rate_bp):
                shares[detail.owner_id or account_id] += detail.net_minor
        for owner_id, part in zip(owners, parts(tax.tax_minor, list(shares.values())), strict=True):
            vat[owner_id] += part
    return tuple(Slice(each, names.get(each, ""), nets[each], vat[each]) for each in owners)


def parts(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Share an amount out in proportion to weights, which may be negative; the parts add up exactly."""
    whole = sum(weights)
    if whole == 0:
        assert amount_minor == 0, "what weighs nothing bears nothing"
        return [0 for _ in weights]
    if whole < 0:
        return parts(amount_minor, [-weight for weight in weights])
    marks = [rounded(amount_minor * reached, whole) for reached in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(marks)]
