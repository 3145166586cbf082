"""What is due, and when: each entry is an action that does nothing when there is nothing to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from acquit.actions.context import Context
from acquit.actions.count_points import count_points
from acquit.actions.deliver import deliver_due
from acquit.actions.export_bills import build_exports
from acquit.actions.follow_platform import hear_platform
from acquit.actions.notify_debits import notify_debits
from acquit.actions.pay_reverse_bill import pay_reverse_bills_on_their_day
from acquit.actions.queue_deliveries import queue_missing
from acquit.actions.read_log import forget_events
from acquit.actions.register_mandate import expire_mandates
from acquit.actions.render_document import render_missing
from acquit.actions.report_usage import build_usage_reports
from acquit.actions.run_dunning import chase_all, restore_all
from acquit.actions.stamp_archive import stamp_days
from acquit.actions.tell_accounts import tell_due
from acquit.actions.tell_statuses import tell_statuses
from acquit.actions.turn_day import turn_day


@dataclass(frozen=True, slots=True)
class Due:
    """An action and its time, in cron's five fields."""

    name: str
    at: str
    act: Callable[[Context], object]


SCHEDULE: Final = (
    Due("build_exports", "* * * * *", build_exports),
    Due("build_usage_reports", "* * * * *", build_usage_reports),
    Due("count_points", "* * * * *", count_points),
    Due("turn_day", "*/10 * * * *", turn_day),
    Due("stamp_days", "*/10 * * * *", stamp_days),
    Due("restore_all", "*/10 * * * *", restore_all),
    Due("pay_reverse_bills_on_their_day", "15 6 * * *", pay_reverse_bills_on_their_day),
    Due("chase_all", "30 6 * * *", chase_all),
    Due("tell_due", "50 6 * * *", tell_due),
    Due("notify_debits", "*/5 * * * *", notify_debits),
    Due("expire_mandates", "41 * * * *", expire_mandates),
    Due("render_missing", "17 * * * *", render_missing),
    Due("tell_statuses", "* * * * *", tell_statuses),
    Due("deliver_due", "* * * * *", deliver_due),
    Due("hear_platform", "*/10 * * * *", hear_platform),
    Due("forget_events", "23 * * * *", forget_events),
    Due("queue_missing", "37 * * * *", queue_missing),
)
