"""The map of the console: every address, its handler, its door and the right it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from acquit.console import consent, passwords, saml, sign_on, signing_in
from acquit.console.forms import BODY_MAX, FIELD_MAX
from acquit.console.manager import (
    bill_references,
    bills,
    bundles,
    contacts,
    contracts,
    explorer,
    family,
    files,
    handing,
    identity_provider,
    keys,
    logs,
    one_bill,
    overview,
    payments,
    points,
    preferences,
    purchase_orders,
    requests,
    reverse_bills,
    security,
    service_change,
    services,
)
from acquit.console.staff import (
    accounts,
    approvals,
    bank,
    bank_entry,
    catalogues,
    disputes,
    down_payments,
    dunning,
    mails,
    moves,
    oversight,
    parked,
    queue,
    remittances,
    reports,
    runs,
    stories,
    terms,
)
from acquit.console.staff import points as staff_points
from acquit.console.staff import reverse_bills as supplies
from acquit.console.staff import security as staff_security
from acquit.console.visit import Reply, Visit
from acquit.core.operator import Right
from acquit.core.session import Door

Handler = Callable[[Visit], Reply]


MONEY_PATHS: Final = tuple(
    f"/manager/{name}"
    for name in (
        "bills",
        "pay",
        "bundles",
        "payments",
        "credit",
        "points",
        "payment-methods",
        "purchase-orders",
        "reverse-bills",
    )
)
"""What logins of the group ACCOUNTANT see of the manager, besides its start."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address; `once`: sending the form again does nothing more.

    An `own` page concerns nobody but the login that is there: also one that may do nothing else may. What
    `tries` a call of the API leaves it to the rights of that call. A `foreign` form is sent by another site's
    page: no cookie of ours comes with it, and none is given, or it would replace the browser's own.
    """

    method: str
    path: str
    handler: Handler
    door: Door | None = None
    right: Right | None = None
    once: bool = False
    body_max: int = BODY_MAX
    field_max: int = FIELD_MAX
    own: bool = False
    tries: bool = False
    foreign: bool = False

    @property
    def is_about_money(self) -> bool:
        """Whether an accountant sees it: bills, what is owed on them, and what was paid."""
        return any(self.path == each or self.path.startswith(f"{each}/") for each in MONEY_PATHS) or (
            self.path == "/manager"
        )

    @property
    def refuses_readers(self) -> bool:
        """Whether who may only read is refused: it changes something of the account."""
        is_form = self.door is Door.MANAGER and self.once and self.path.startswith("/manager/")
        return is_form and not self.own and not self.tries


def _get(door: Door | None, path: str, handler: Handler, right: Right | None = None) -> Route:
    return Route("GET", path, handler, door, right)


def _post(door: Door | None, path: str, handler: Handler, right: Right | None = None) -> Route:
    return Route("POST", path, handler, door, right, once=True)


BANK_FILES_MAX: Final = 64_000_000

OPEN: Final = (
    Route("GET", "/", signing_in.home),
    Route("GET", "/manager/login", signing_in.manager_login),
    Route("POST", "/manager/login", signing_in.enter_manager),
    Route("GET", "/manager/login/code", signing_in.ask_code),
    Route("POST", "/manager/login/code", signing_in.enter_with_code),
    Route("GET", "/manager/password", passwords.ask_link),
    Route("POST", "/manager/password", passwords.send_link),
    Route("GET", "/manager/password/new", passwords.ask_password),
    Route("POST", "/manager/password/new", passwords.set_password),
    Route("GET", "/office/login", signing_in.office_login),
    Route("POST", "/office/login", signing_in.enter_office),
    Route("GET", "/office/login/code", signing_in.ask_office_code),
    Route("POST", "/office/login/code", signing_in.enter_office_with_code),
    Route("GET", "/manager/sso", sign_on.begin_manager),
    Route("GET", "/manager/sso/back", sign_on.finish_manager),
    Route("GET", "/manager/sso/leave", sign_on.leave_manager),
    Route("GET", "/manager/sso/account", saml.ask_account),
    Route("GET", "/manager/saml/{account_id}/metadata", saml.show_our_metadata),
    Route(
        "POST", "/manager/saml/{account_id}/acs", saml.take_answer, foreign=True, body_max=saml.ANSWER_MAX,
        field_max=saml.ANSWER_MAX,
    ),
    Route("GET", "/manager/saml/{account_id}/back", saml.come_back),
    Route("GET", "/office/sso", sign_on.begin_office),
    Route("GET", "/office/sso/back", sign_on.finish_office),
    Route("GET", "/office/sso/leave", sign_on.leave_office),
)  # fmt: skip

CONSENT: Final = (
    _get(Door.MANAGER, "/auth", consent.ask_consent),
    _post(Door.MANAGER, "/auth", consent.answer_consent),
    _get(Door.MANAGER, "/createApp", consent.ask_application),
    _post(Door.MANAGER, "/createApp", consent.make_application),
    _get(Door.MANAGER, "/createToken", consent.ask_token),
    _post(Door.MANAGER, "/createToken", consent.make_token),
)

MANAGER: Final = (
    _get(Door.MANAGER, "/manager", overview.show_overview),
    Route("POST", "/manager/logout", signing_in.leave_manager, Door.MANAGER, own=True),
    _get(Door.MANAGER, "/manager/api", explorer.list_calls),
    _get(Door.MANAGER, "/manager/api/call", explorer.show_call),
    Route("POST", "/manager/api/call", explorer.make_call, Door.MANAGER, once=True, tries=True),
    _get(Door.MANAGER, "/manager/bills", bills.list_bills),
    _get(Door.MANAGER, "/manager/bills/csv", bills.download_table),
    _get(Door.MANAGER, "/manager/bills/zip", bills.download_archive),
    _get(Door.MANAGER, "/manager/bills/{bill_id}", bills.show_bill),
    _get(Door.MANAGER, "/manager/bills/{bill_id}/pdf", bills.show_paper),
    _get(Door.MANAGER, "/manager/bills/{bill_id}/ubl", bills.show_ubl),
    _get(Door.MANAGER, "/manager/bills/{bill_id}/receipt", bills.show_receipt),
    _get(Door.MANAGER, "/manager/bills/{bill_id}/why", one_bill.explain),
    _get(Door.MANAGER, "/manager/bills/{bill_id}/dispute", one_bill.ask_dispute),
    _post(Door.MANAGER, "/manager/bills/{bill_id}/dispute", one_bill.send_dispute),
    _get(Door.MANAGER, "/manager/pay", bundles.ask_bundle),
    _post(Door.MANAGER, "/manager/pay", bundles.make_bundle),
    _get(Door.MANAGER, "/manager/bundles", bundles.list_bundles),
    _get(Door.MANAGER, "/manager/bundles/{bundle_id}", bundles.show_bundle),
    _get(Door.MANAGER, "/manager/bundles/{bundle_id}/sheet", bundles.show_sheet),
    _get(Door.MANAGER, "/manager/bundles/{bundle_id}/advice", bundles.download_advice),
    _get(Door.MANAGER, "/manager/payments", payments.list_payments),
    _get(Door.MANAGER, "/manager/payments/{deposit_id}", payments.show_payment),
    _get(Door.MANAGER, "/manager/payments/{deposit_id}/receipt", payments.show_payment_receipt),
    _get(Door.MANAGER, "/manager/credit", payments.show_credit),
    _post(Door.MANAGER, "/manager/credit", payments.change_credit),
    _get(Door.MANAGER, "/manager/points", points.show_points),
    _post(Door.MANAGER, "/manager/points", points.change_points),
    _get(Door.MANAGER, "/manager/payment-methods", payments.list_payment_methods),
    _post(Door.MANAGER, "/manager/payment-methods", payments.change_methods),
    _get(Door.MANAGER, "/manager/reverse-bills", reverse_bills.list_bills),
    _post(Door.MANAGER, "/manager/reverse-bills", reverse_bills.answer_agreement),
    _get(Door.MANAGER, "/manager/reverse-bills/{bill_id}", reverse_bills.show_bill),
    _post(Door.MANAGER, "/manager/reverse-bills/{bill_id}", reverse_bills.answer_bill),
    _get(Door.MANAGER, "/manager/reverse-bills/{bill_id}/pdf", reverse_bills.download),
    _get(Door.MANAGER, "/manager/reverse-bills/{bill_id}/why", reverse_bills.explain),
    _get(Door.MANAGER, "/manager/purchase-orders", purchase_orders.list_purchase_orders),
    _get(Door.MANAGER, "/manager/purchase-orders/{purchase_order_id}", purchase_orders.show_purchase_order),
    _get(Door.MANAGER, "/manager/bill-references", bill_references.ask_references),
    _post(Door.MANAGER, "/manager/bill-references", bill_references.send_references),
    _get(Door.MANAGER, "/manager/services", services.list_services),
    _get(Door.MANAGER, "/manager/services/{service_id}", services.show_service),
    _post(Door.MANAGER, "/manager/services/{service_id}", services.change_service),
    _get(Door.MANAGER, "/manager/services/{service_id}/change", service_change.ask_change),
    _post(Door.MANAGER, "/manager/services/{service_id}/change", service_change.make_change),
    _get(Door.MANAGER, "/manager/services/{service_id}/contacts", handing.ask_contacts),
    _post(Door.MANAGER, "/manager/services/{service_id}/contacts", handing.send_contacts),
    _get(Door.MANAGER, "/manager/transfers", handing.list_transfers),
    _post(Door.MANAGER, "/manager/transfers", handing.answer_transfer),
    _get(Door.MANAGER, "/manager/consumption", services.show_consumption),
    _get(Door.MANAGER, "/manager/sub-accounts", family.list_sub_accounts),
    _get(Door.MANAGER, "/manager/contacts", contacts.list_contacts),
    _post(Door.MANAGER, "/manager/contacts", contacts.change_contacts),
    _get(Door.MANAGER, "/manager/contacts/{contact_id}", contacts.ask_contact),
    _post(Door.MANAGER, "/manager/contacts/{contact_id}", contacts.send_contact),
    _get(Door.MANAGER, "/manager/contracts", contracts.list_contracts),
    _post(Door.MANAGER, "/manager/contracts", contracts.accept),
    _get(Door.MANAGER, "/manager/contracts/{contract_id}/pdf", contracts.show_contract),
    _get(Door.MANAGER, "/manager/files", files.list_files),
    Route(
        "POST", "/manager/files", files.change_files, Door.MANAGER, once=True, body_max=files.FORM_BYTES_MAX
    ),
    _get(Door.MANAGER, "/manager/files/{file_id}/file", files.download_file),
    _get(Door.MANAGER, "/manager/log", logs.list_events),
    _get(Door.MANAGER, "/manager/log-streams", logs.list_streams),
    _post(Door.MANAGER, "/manager/log-streams", logs.change_streams),
    _get(Door.MANAGER, "/manager/keys", keys.list_keys),
    _post(Door.MANAGER, "/manager/keys", keys.change_keys),
    _get(Door.MANAGER, "/manager/identity-provider", identity_provider.show_provider),
    Route(
        "POST", "/manager/identity-provider", identity_provider.change_provider, Door.MANAGER, once=True,
        field_max=identity_provider.METADATA_MAX,
    ),
    _get(Door.MANAGER, "/manager/identity-provider/try", identity_provider.try_provider),
    _get(Door.MANAGER, "/manager/preferences", preferences.ask_preferences),
    _post(Door.MANAGER, "/manager/preferences", preferences.send_preferences),
    Route("GET", "/manager/security", security.ask_security, Door.MANAGER, own=True),
    Route("POST", "/manager/security", security.change_security, Door.MANAGER, once=True, own=True),
    _get(Door.MANAGER, "/manager/requests", requests.list_requests),
    _get(Door.MANAGER, "/manager/requests/term", requests.ask_term),
    _post(Door.MANAGER, "/manager/requests/term", requests.send_term),
    _get(Door.MANAGER, "/manager/requests/purchase-order", requests.ask_order),
    _post(Door.MANAGER, "/manager/requests/purchase-order", requests.send_order),
    _get(Door.MANAGER, "/manager/requests/correction", requests.ask_correction),
    _post(Door.MANAGER, "/manager/requests/correction", requests.send_correction),
    _get(Door.MANAGER, "/manager/requests/{request_id}", requests.show_request),
    _get(Door.MANAGER, "/manager/requests/{request_id}/file", requests.download_file),
)  # fmt: skip

_ACCOUNT: Final = "/office/accounts/{account_id}"
_REQUEST: Final = "/office/requests/{request_id}"

OFFICE: Final = (
    _get(Door.OFFICE, "/office", queue.show_queue),
    Route("POST", "/office/logout", signing_in.leave_office, Door.OFFICE),
    _get(Door.OFFICE, "/office/security", staff_security.ask_security),
    Route("POST", "/office/security", staff_security.change_security, Door.OFFICE, once=True, own=True),
    _get(Door.OFFICE, "/office/staff", staff_security.list_staff),
    _post(Door.OFFICE, "/office/staff", staff_security.change_staff, Right.MANAGE_STAFF),
    _get(Door.OFFICE, _REQUEST, queue.show_request),
    _get(Door.OFFICE, f"{_REQUEST}/file", queue.download_file),
    _get(Door.OFFICE, f"{_REQUEST}/approve", queue.ask_approval, Right.DECIDE_REQUESTS),
    _post(Door.OFFICE, f"{_REQUEST}/approve", queue.approve, Right.DECIDE_REQUESTS),
    _get(Door.OFFICE, f"{_REQUEST}/refuse", queue.ask_refusal, Right.DECIDE_REQUESTS),
    _post(Door.OFFICE, f"{_REQUEST}/refuse", queue.refuse, Right.DECIDE_REQUESTS),
    _get(Door.OFFICE, "/office/parked", parked.show_parked),
    _post(Door.OFFICE, "/office/parked", parked.retry, Right.RUN_BILLS),
    _get(Door.OFFICE, "/office/accounts", accounts.list_accounts),
    _get(Door.OFFICE, _ACCOUNT, accounts.show_account),
    _get(Door.OFFICE, f"{_ACCOUNT}/story", stories.show_story),
    _get(Door.OFFICE, f"{_ACCOUNT}/mails/{{number}}", stories.show_mail),
    _get(Door.OFFICE, f"{_ACCOUNT}/points", staff_points.show_points),
    _post(Door.OFFICE, f"{_ACCOUNT}/points", staff_points.change_points, Right.ADD_CREDIT),
    _get(Door.OFFICE, f"{_ACCOUNT}/bills/{{bill_id}}", accounts.show_bill),
    _get(Door.OFFICE, f"{_ACCOUNT}/bills/{{bill_id}}/pdf", accounts.show_paper),
    _get(Door.OFFICE, f"{_ACCOUNT}/bills/{{bill_id}}/why", accounts.explain),
    _get(Door.OFFICE, f"{_ACCOUNT}/bills/{{bill_id}}/ubl", accounts.show_ubl),
    _get(Door.OFFICE, f"{_ACCOUNT}/bills/{{bill_id}}/receipt", accounts.show_receipt),
    _get(Door.OFFICE, f"{_ACCOUNT}/down-payments", down_payments.show_down_payments),
    _post(Door.OFFICE, f"{_ACCOUNT}/down-payments", down_payments.ask, Right.RUN_BILLS),
    _get(Door.OFFICE, f"{_ACCOUNT}/terms", terms.ask_grant, Right.GRANT_TERMS),
    _post(Door.OFFICE, f"{_ACCOUNT}/terms", terms.grant, Right.GRANT_TERMS),
    _get(Door.OFFICE, f"{_ACCOUNT}/terms/end", terms.ask_end, Right.GRANT_TERMS),
    _post(Door.OFFICE, f"{_ACCOUNT}/terms/end", terms.end, Right.GRANT_TERMS),
    _get(Door.OFFICE, f"{_ACCOUNT}/terms/{{grant_id}}/approve", terms.ask_second, Right.GRANT_TERMS),
    _post(Door.OFFICE, f"{_ACCOUNT}/terms/{{grant_id}}/approve", terms.approve, Right.GRANT_TERMS),
)

_REMITTANCE: Final = "/office/remittances/{number}"
_SUPPLIES: Final = "/office/accounts/{account_id}/supplies"
_SUPPLY: Final = "/office/reverse-bills/{account_id}/{bill_id}"
_MOVES: Final = "/office/accounts/{account_id}/moves"
_DISPUTE: Final = "/office/disputes/{account_id}/{number}"
_ENTRY: Final = "/office/bank/entries/{entry_id}"

MONEY: Final = (
    _get(Door.OFFICE, "/office/bank", bank.show_inbox),
    _post(Door.OFFICE, "/office/bank", bank.refresh, Right.IMPORT_BANK_FILES),
    _get(Door.OFFICE, "/office/bank/files", bank.list_files),
    Route(
        "POST", "/office/bank/files", bank.bring_files, Door.OFFICE, Right.IMPORT_BANK_FILES, once=True,
        body_max=BANK_FILES_MAX,
    ),
    _get(Door.OFFICE, "/office/bank/entries", bank.list_entries),
    _get(Door.OFFICE, _ENTRY, bank_entry.show_entry),
    _post(Door.OFFICE, _ENTRY, bank_entry.change_entry),
    _get(Door.OFFICE, "/office/runs", runs.list_runs),
    _post(Door.OFFICE, "/office/runs", runs.ask, Right.RUN_BILLS),
    _get(Door.OFFICE, "/office/runs/asked/{request_no}", runs.show_asked),
    _get(Door.OFFICE, "/office/runs/{period}", runs.show_run),
    _post(Door.OFFICE, "/office/runs/{period}", runs.change_run, Right.RUN_BILLS),
    _get(Door.OFFICE, "/office/dunning", dunning.show_board),
    _post(Door.OFFICE, "/office/dunning", dunning.chase, Right.CHASE),
    _get(Door.OFFICE, "/office/dunning/rehearsal", dunning.show_rehearsal),
    _get(Door.OFFICE, "/office/dunning/{account_id}", dunning.show_case),
    _post(Door.OFFICE, "/office/dunning/{account_id}", dunning.promise, Right.CHASE),
    _get(Door.OFFICE, "/office/disputes", disputes.list_disputes),
    _get(Door.OFFICE, _DISPUTE, disputes.show_one),
    _post(Door.OFFICE, _DISPUTE, disputes.change, Right.CORRECT_BILLS),
    _get(Door.OFFICE, f"{_DISPUTE}/files/{{message_no}}/file", disputes.show_file),
    _get(Door.OFFICE, "/office/approvals", approvals.show_approvals),
    _post(Door.OFFICE, "/office/approvals", approvals.decide),
    _get(Door.OFFICE, "/office/reverse-bills", supplies.list_bills),
    _post(Door.OFFICE, "/office/reverse-bills", supplies.pay_due, Right.GIVE_UP_MONEY),
    _get(Door.OFFICE, _SUPPLIES, supplies.show_supplier),
    _post(Door.OFFICE, _SUPPLIES, supplies.change_supplier, Right.MAKE_REVERSE_BILLS),
    _get(Door.OFFICE, _SUPPLY, supplies.show_bill),
    _post(Door.OFFICE, _SUPPLY, supplies.change_bill),
    _get(Door.OFFICE, f"{_SUPPLY}/pdf", supplies.download),
    _get(Door.OFFICE, f"{_SUPPLY}/why", supplies.explain),
    _get(Door.OFFICE, "/office/moves", moves.list_all),
    _get(Door.OFFICE, "/office/moves/{account_id}/asked/{number}", moves.show_asked),
    _get(Door.OFFICE, "/office/moves/{account_id}/{service_id}", moves.show_one),
    _get(Door.OFFICE, _MOVES, moves.show_of_account),
    _post(Door.OFFICE, _MOVES, moves.give, Right.CHANGE_SERVICES),
    _get(Door.OFFICE, "/office/remittances", remittances.list_files),
    Route(
        "POST", "/office/remittances", remittances.bring_report, Door.OFFICE, Right.COLLECT_DEBTS, once=True,
        body_max=BANK_FILES_MAX,
    ),
    _get(Door.OFFICE, "/office/remittances/new", remittances.ask_file),
    _post(Door.OFFICE, "/office/remittances/new", remittances.make_file),
    _get(Door.OFFICE, _REMITTANCE, remittances.show_file),
    _post(Door.OFFICE, _REMITTANCE, remittances.change_file),
    _get(Door.OFFICE, "/office/reports", reports.show_reports),
    _get(Door.OFFICE, "/office/reports/export/file", reports.take_file),
    _get(Door.OFFICE, "/office/reports/aged", reports.show_aged),
    _get(Door.OFFICE, "/office/reports/statement", reports.show_statement),
    _get(Door.OFFICE, "/office/reports/vat", reports.show_vat),
    _post(Door.OFFICE, "/office/reports/vat", reports.ask_for_vat),
    _get(Door.OFFICE, "/office/reports/periods", reports.show_periods),
    _post(Door.OFFICE, "/office/reports/periods", reports.change_period),
    _get(Door.OFFICE, "/office/health", oversight.show_health),
    _post(Door.OFFICE, "/office/health", oversight.audit),
    _get(Door.OFFICE, "/office/acts", oversight.list_acts),
    _get(Door.OFFICE, "/office/catalogues", catalogues.show_catalogues),
    _get(Door.OFFICE, "/office/mails", mails.list_mails),
    _post(Door.OFFICE, "/office/mails", mails.change_setting, Right.CHANGE_SETTINGS),
    _get(Door.OFFICE, "/office/mails/{kind}/{language}", mails.show_mail),
    _post(Door.OFFICE, "/office/mails/{kind}/{language}", mails.save_words, Right.CHANGE_SETTINGS),
    _get(Door.OFFICE, "/office/deliveries", oversight.list_board),
    _post(Door.OFFICE, "/office/deliveries", oversight.change_delivery, Right.CORRECT_BILLS),
    _get(Door.OFFICE, "/office/search", oversight.search),
    Route("POST", f"{_REMITTANCE}/download", remittances.download_file, Door.OFFICE),
)  # fmt: skip

ROUTES: Final = (*OPEN, *CONSENT, *MANAGER, *OFFICE, *MONEY)
