"""What may have happened to an account, in groups that a reader chooses between."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Chapter(StrEnum):
    """A group of things that happen to an account."""

    BILLS = "bills"
    MONEY = "money"
    DUNNING = "dunning"
    DISPUTES = "disputes"
    TERMS = "terms"
    ORDERS = "orders"
    SERVICES = "services"
    MAILS = "mails"
    ACCESS = "access"
    OTHER = "other"


VERBS: Final[Mapping[Chapter, frozenset[str]]] = {
    Chapter.BILLS: frozenset({
        "correct_bill", "credit_bill", "bundle_bills", "share_bills", "separate_bills",
        "billed_without_order", "build_export", "ask_for_export", "set_bill_references", "refused_by_rules",
        "ask_down_payment",
    }),
    Chapter.MONEY: frozenset({
        "settle_debt", "apply_deposit", "match_by_hand", "unmatch_entry", "add_credit", "redeem_voucher",
        "ask_refund", "order_payment", "order_prepayment", "give_points", "take_points",
        "use_points", "order_points", "retrieve_prepaid", "register_mandate",
        "amend_mandate", "expire_mandate", "withdraw_payment_method", "change_payment_method",
        "add_bank_account", "set_refund_account", "take_return", "know_iban", "import_advice",
        "set_balance_threshold", "warn_low_balance", "agree_self_billing", "accept_self_billing",
        "revoke_self_billing", "issue_reverse_bill", "take_back_reverse_bill", "pay_reverse_bill",
        "set_off_reverse_bill", "reverse_bill_accepted", "reverse_bill_contested",
        "reverse_bill_contest_ended",
        "take_method_event", "expire_method",
    }),
    Chapter.DUNNING: frozenset({
        "promise_to_pay", "claim_late_charges", "ask_write_off", "set_dunning_calendar",
    }),
    Chapter.DISPUTES: frozenset({"open_dispute", "assign_dispute", "add_dispute_message", "close_dispute"}),
    Chapter.TERMS: frozenset({
        "grant_enterprise_terms", "approve_enterprise_terms", "revoke_enterprise_terms", "enforce_terms",
        "warn_terms", "ask_sales", "decide_request", "agree_discount", "end_discount", "agree_minimum_spend",
        "end_minimum_spend", "set_payer",
    }),
    Chapter.ORDERS: frozenset({
        "set_purchase_order", "replace_purchase_order", "set_order_policy", "order_nearly_spent",
        "order_line_nearly_spent", "pay_order", "order_services", "order_renewal", "accept_contract",
    }),
    Chapter.SERVICES: frozenset({
        "subscribe_service", "change_service", "terminate_service", "suspend_service", "restore_service",
        "renew_service", "keep_service", "rename_service", "detach_option", "set_renewal", "set_renewal_day",
        "set_end_rule", "change_price", "withdraw_change", "ask_for_termination", "ask_for_engagement",
        "withdraw_engagement", "group_service", "ungroup_service", "give_service", "take_service",
        "ask_contact_change", "agree_to_contact_change", "refuse_contact_change", "resend_contact_letter",
    }),
    Chapter.ACCESS: frozenset({
        "sign_in", "sign_in_refused", "set_password", "end_account_sessions", "grant_consumer_key",
        "validate_credential", "refuse_credential", "revoke_credential", "expire_credential",
        "limit_credential", "create_application", "revoke_application", "create_personal_token",
        "change_personal_token", "revoke_personal_token", "create_service_account", "change_service_account",
        "remove_service_account", "create_sub_account_key", "add_identity_user", "change_identity_user",
        "remove_identity_user", "enable_identity_user", "disable_identity_user", "attach_identity_provider",
        "change_identity_provider", "renew_identity_provider", "remove_identity_provider",
        "take_groups_of_provider", "enrol_generator",
        "remove_generator", "set_backup_codes", "draw_backup_codes", "lift_restrictions", "give_rights",
        "take_rights", "keep_key", "drop_key", "end_tokens", "add_log_stream", "remove_log_stream",
        "forward_log", "stop_forwarding",
    }),
}  # fmt: skip
"""Which acts belong to which group; an act that stands nowhere is something else."""

KNOWN: Final = frozenset().union(*VERBS.values())
