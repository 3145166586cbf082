"""An account's whole story in the office: what happened, the latest first, and the mails that were sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from acquit.console.listing import ROWS, link_with
from acquit.console.place import place_of
from acquit.console.staff.accounts import account_id_of
from acquit.console.staff.frame import page
from acquit.console.staff.seller import number_in
from acquit.console.visit import Page, Visit
from acquit.core.identifiers import AccountId
from acquit.core.message import NoSuchMail
from acquit.core.story import Chapter
from acquit.store import account_stories, messages
from acquit.store.account_stories import LATEST, Happened, Place

CHAPTERS: Final[Mapping[Chapter, str]] = {
    Chapter.BILLS: "Bills and credit notes",
    Chapter.MONEY: "Payments and debts",
    Chapter.DUNNING: "Dunning",
    Chapter.DISPUTES: "Disputes",
    Chapter.TERMS: "Terms and conditions",
    Chapter.ORDERS: "Orders",
    Chapter.SERVICES: "Services",
    Chapter.MAILS: "Mails",
    Chapter.ACCESS: "Sign-ins and keys",
    Chapter.OTHER: "All else",
}
"""What each group of a story is called."""

WHAT: Final[Mapping[str, str]] = {
    "bill:bill": "Bill issued",
    "bill:credit-note": "Credit note issued",
    "bill:corrective": "Corrective bill issued",
    "bill:claim": "Late interest claimed",
    "bill:down-payment": "Down payment asked for",
    "deposit:deposit": "Money received",
    "operation:payment": "Debt paid",
    "operation:credit": "Debt reduced",
    "operation:write-off": "Debt written off",
    "operation:returned": "Payment came back",
    "operation:reopened": "Debt opened again",
    "step:courtesy": "Reminded before the day",
    "step:reminder": "Reminded",
    "step:notice": "Formal notice",
    "step:suspension": "Suspension announced",
    "mail:mail": "Mail sent",
    "act:sign_in": "Signed in",
    "act:sign_in_refused": "Sign-in refused",
    "act:grant_consumer_key": "Key granted",
    "act:revoke_credential": "Key revoked",
    "act:create_application": "Program registered",
    "act:set_password": "Password set",
    "act:grant_enterprise_terms": "Payment term granted",
    "act:revoke_enterprise_terms": "Payment term revoked",
    "act:ask_sales": "Asked sales",
    "act:decide_request": "Request decided",
    "act:set_purchase_order": "Purchase order registered",
    "act:order_nearly_spent": "Purchase order nearly spent",
    "act:order_services": "Services ordered",
    "act:order_renewal": "Renewal ordered",
    "act:pay_order": "Order paid",
    "act:subscribe_service": "Service begun",
    "act:change_service": "Service changed",
    "act:terminate_service": "Service terminated",
    "act:suspend_service": "Service suspended",
    "act:restore_service": "Service restored",
    "act:change_price": "Price announced",
    "act:open_dispute": "Dispute opened",
    "act:close_dispute": "Dispute closed",
    "act:promise_to_pay": "Promised to pay",
    "act:open_account": "Account opened",
    "act:change_account": "Account changed",
    "act:ask_for_export": "Export asked for",
    "act:billed_without_order": "Billed without a purchase order",
    "act:build_export": "Export made",
    "act:bundle_bills": "Bills gathered for one transfer",
    "act:correct_bill": "Bill corrected",
    "act:credit_bill": "Bill credited",
    "act:ask_down_payment": "Down payment asked for",
    "act:refused_by_rules": "Refused by the official rules",
    "act:separate_bills": "Bills of its own again",
    "act:set_bill_references": "What bills name changed",
    "act:share_bills": "Bills shared with its family",
    "act:add_bank_account": "Bank account added",
    "act:add_credit": "Credit added",
    "act:amend_mandate": "Mandate amended",
    "act:apply_deposit": "Money applied to debts",
    "act:ask_refund": "Refund asked for",
    "act:agree_self_billing": "Self-billing offered",
    "act:accept_self_billing": "Self-billing accepted",
    "act:revoke_self_billing": "Self-billing revoked",
    "act:issue_reverse_bill": "Billed in its name",
    "act:take_back_reverse_bill": "Bill in its name taken back",
    "act:pay_reverse_bill": "Bill in its name to be paid",
    "act:set_off_reverse_bill": "Bill in its name set off",
    "act:reverse_bill_accepted": "Bill in its name accepted",
    "act:reverse_bill_contested": "Bill in its name contested",
    "act:reverse_bill_contest_ended": "Contest of a bill ended",
    "act:change_payment_method": "Payment method changed",
    "act:expire_mandate": "Mandate expired",
    "act:import_advice": "Remittance advice taken",
    "act:know_iban": "IBAN of a payer learnt",
    "act:match_by_hand": "Bank entry matched by hand",
    "act:order_payment": "Payment ordered",
    "act:order_prepayment": "Credit ordered",
    "act:take_method_event": "An acquirer told of a method",
    "act:expire_method": "Card expired",
    "act:give_points": "Points given",
    "act:take_points": "Points taken",
    "act:use_points": "Points made credit",
    "act:order_points": "Points ordered",
    "act:redeem_voucher": "Voucher used",
    "act:register_mandate": "Mandate signed",
    "act:retrieve_prepaid": "Prepaid money asked back",
    "act:set_balance_threshold": "Warning of low credit set",
    "act:set_refund_account": "Account for refunds set",
    "act:settle_debt": "Payment recorded",
    "act:take_return": "Direct debit came back",
    "act:unmatch_entry": "Bank entry unmatched",
    "act:warn_low_balance": "Warned of low credit",
    "act:withdraw_payment_method": "Payment method withdrawn",
    "act:ask_write_off": "Write-off asked for",
    "act:claim_late_charges": "Late charges claimed",
    "act:set_dunning_calendar": "Dunning calendar chosen",
    "act:add_dispute_message": "Dispute answered",
    "act:assign_dispute": "Dispute assigned",
    "act:agree_discount": "Discount agreed",
    "act:agree_minimum_spend": "Minimum spend agreed",
    "act:approve_enterprise_terms": "Payment term approved",
    "act:end_discount": "Discount ended",
    "act:end_minimum_spend": "Minimum spend ended",
    "act:enforce_terms": "Payment term applied",
    "act:set_payer": "Payer changed",
    "act:warn_terms": "Warned about the payment term",
    "act:accept_contract": "Contract accepted",
    "act:order_line_nearly_spent": "Line of an order nearly spent",
    "act:replace_purchase_order": "Purchase order replaced",
    "act:set_order_policy": "Rule for missing orders set",
    "act:ask_for_engagement": "Engagement asked for",
    "act:ask_for_termination": "Termination asked for",
    "act:detach_option": "Option made a service",
    "act:ask_contact_change": "Another contact of a service asked for",
    "act:agree_to_contact_change": "Change of a contact agreed to",
    "act:refuse_contact_change": "Change of a contact refused",
    "act:resend_contact_letter": "Letter about a contact sent again",
    "act:give_service": "Service given to another account",
    "act:take_service": "Service taken from another account",
    "act:group_service": "Service put into a group",
    "act:keep_service": "Service kept after all",
    "act:rename_service": "Service renamed",
    "act:renew_service": "Service renewed ahead",
    "act:set_end_rule": "What follows the engagement set",
    "act:set_renewal": "Renewal changed",
    "act:set_renewal_day": "Day of renewal changed",
    "act:ungroup_service": "Service taken out of its group",
    "act:withdraw_change": "Planned change withdrawn",
    "act:withdraw_engagement": "Engagement withdrawn",
    "act:add_identity_user": "Login added",
    "act:attach_identity_provider": "Identity provider brought",
    "act:change_identity_provider": "Identity provider changed",
    "act:change_identity_user": "Login changed",
    "act:change_personal_token": "Token changed",
    "act:change_service_account": "Service account changed",
    "act:create_personal_token": "Token made",
    "act:add_log_stream": "Log stream added",
    "act:remove_log_stream": "Log stream removed",
    "act:forward_log": "Log forwarded",
    "act:stop_forwarding": "Log forwarded no longer",
    "act:create_service_account": "Service account made",
    "act:create_sub_account_key": "Key of a sub-account made",
    "act:disable_identity_user": "Login disabled",
    "act:draw_backup_codes": "Backup codes drawn",
    "act:drop_key": "Security key removed",
    "act:enable_identity_user": "Login enabled",
    "act:end_account_sessions": "Sessions ended",
    "act:end_tokens": "Tokens ended",
    "act:enrol_generator": "Code generator set up",
    "act:expire_credential": "Key expired",
    "act:give_rights": "Rights given",
    "act:keep_key": "Security key kept",
    "act:lift_restrictions": "Restrictions lifted",
    "act:limit_credential": "Key limited",
    "act:refuse_credential": "Key refused",
    "act:remove_generator": "Code generator removed",
    "act:remove_identity_provider": "Identity provider removed",
    "act:remove_identity_user": "Login removed",
    "act:remove_service_account": "Service account removed",
    "act:renew_identity_provider": "Metadata of the identity provider renewed",
    "act:revoke_application": "Program revoked",
    "act:revoke_personal_token": "Token revoked",
    "act:set_backup_codes": "Backup codes set up",
    "act:take_groups_of_provider": "Groups taken from the identity provider",
    "act:take_rights": "Rights taken",
    "act:validate_credential": "Key confirmed",
}
"""What happened, as people read it; an act of no group may be missing and is told by its name."""

_REVERSE: Final = frozenset({
    "issue_reverse_bill", "take_back_reverse_bill", "pay_reverse_bill", "set_off_reverse_bill",
    "reverse_bill_accepted", "reverse_bill_contested", "reverse_bill_contest_ended",
})  # fmt: skip
_AGREEMENTS: Final = frozenset({"agree_self_billing", "accept_self_billing", "revoke_self_billing"})
_ANSWERS: Final = frozenset({"agree_to_contact_change", "refuse_contact_change", "resend_contact_letter"})
_MOVES: Final = frozenset({"take_service", "ask_contact_change"})
_AMOUNTS: Final = ("amount_minor", "total_minor", "net_minor")
_OWN_CURRENCY: Final = frozenset({
    "give_service", "take_service", "pay_reverse_bill", "set_off_reverse_bill",
})  # fmt: skip
"""Acts that tell an amount in the currency of their account."""

_PARTS: Final = 3
_SILENT: Final = frozenset({"debts"})
"""Details that have lines of their own in a story."""


def show_story(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/story: everything, or one group, by pages from the latest on."""
    account_id = account_id_of(visit)
    wanted = visit.query.get("kind", "")
    chapters = [each for each in Chapter if wanted in ("", each.value)] or list(Chapter)
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id)
        found = account_stories.page(tx, account_id, chapters, _before(visit), ROWS + 1)
    shown = found[:ROWS]
    more = link_with(visit, before=_written(shown[-1].place)) if len(found) > ROWS else ""
    return page(
        "story.html", visit, place=place, zone=place.entity.zone,
        rows=[
            (each, WHAT.get(f"{each.source}:{each.what}", ""), _leads_to(each, account_id),
             *_amount_apart(each, place.account.currency))
            for each in shown
        ],
        chapters=CHAPTERS,
        wanted=wanted, more=more, is_first="before" not in visit.query,
    )  # fmt: skip


def show_mail(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/mails/{number}: a mail as it was sent. Raises NoSuchMail."""
    account_id = account_id_of(visit)
    number = number_in(visit, "number", NoSuchMail)
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
        found = messages.find_sent(tx, account_id, [number])
    if not found:
        raise NoSuchMail(number)
    text = visit.context.sealer.unseal(found[0].sealed)
    return page("mail.html", visit, place=place, zone=place.entity.zone, mail=found[0], text=text)


def _leads_to(each: Happened, account_id: AccountId) -> str:
    """Return the page about what happened, an empty text where there is none."""
    base = f"/office/accounts/{account_id}"
    if each.source in ("bill", "operation"):
        return f"{base}/bills/{each.about}"
    if each.source == "mail":
        return f"{base}/mails/{each.details['mail']}"
    if each.source != "act":
        return ""
    if each.what in _REVERSE:
        return f"/office/reverse-bills/{account_id}/{each.about}"
    if each.what in _AGREEMENTS:
        return f"{base}/supplies"
    if each.what == "ask_down_payment":
        return f"{base}/bills/{each.about}"
    if each.what == "give_service":
        return f"/office/moves/{account_id}/{each.about.removeprefix('service:')}"
    if each.what in _ANSWERS:
        return f"/office/moves/{account_id}/asked/{each.about}"
    return f"{base}/moves" if each.what in _MOVES else ""


def _amount_apart(each: Happened, currency: str) -> tuple[tuple[int, str] | None, Mapping[str, Any]]:
    """Return what it is about in money, and its other details without those that say nothing."""
    amount = each.amount_minor, each.currency
    rest = dict(each.details)
    name = next((name for name in _AMOUNTS if isinstance(rest.get(name), int)), "")
    told = rest.get("currency") or (currency if each.what in _OWN_CURRENCY else None)
    if each.source == "act" and name and told:
        amount = rest.pop(name), told
        rest.pop("currency", None)
    said = {name: value for name, value in rest.items() if name not in _SILENT and value not in (None, "", 0)}
    return (None if amount[0] is None or amount[1] is None else (amount[0], amount[1])), said


def _before(visit: Visit) -> Place:
    """Return the place that the address names, the latest when it names none."""
    parts = visit.query.get("before", "").split("~")
    if len(parts) != _PARTS:
        return LATEST
    try:
        at = datetime.fromisoformat(parts[0])
    except ValueError:
        return LATEST
    return Place(at, parts[1], parts[2]) if at.tzinfo is not None else LATEST


def _written(place: Place) -> str:
    return f"{place.at.isoformat()}~{place.source}~{place.ref}"
