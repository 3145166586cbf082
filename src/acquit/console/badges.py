"""States as people read them: a word and a colour for each."""

from collections.abc import Mapping
from typing import Final

BADGES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "debt": {
        "UNMATURED": ("Not due yet", "calm"),
        "TO_BE_PAID": ("To be paid", "warn"),
        "UNPAID": ("Overdue", "bad"),
        "PAID": ("Paid", "good"),
        "REFUNDED": ("Refunded", ""),
        "WRITE_OFF": ("Written off", ""),
        "NONE": ("Nothing owed", ""),
    },
    "request": {
        "waiting": ("Waiting", "warn"),
        "approved": ("Approved", "good"),
        "refused": ("Refused", "bad"),
    },
    "method": {
        "VALID": ("Active", "good"),
        "CREATED": ("Active", "good"),
        "CREATING": ("In creation", "calm"),
        "VALIDATING": ("Being checked", "calm"),
        "CANCELED": ("Cancelled", ""),
        "CANCELING": ("Being cancelled", ""),
        "PAUSED": ("Paused", "warn"),
        "MAINTENANCE": ("Maintenance", "warn"),
        "EXPIRED": ("Expired", "warn"),
        "REPLACED": ("Replaced", ""),
        "REJECTED": ("Rejected", "bad"),
        "FAILED": ("Failed", "bad"),
        "ERROR": ("Failed", "bad"),
    },
    "order": {
        "active": ("Active", "good"),
        "upcoming": ("Upcoming", "calm"),
        "spent": ("Exhausted", "bad"),
        "ended": ("Ended", ""),
        "suspended": ("Suspended", "warn"),
        "deleted": ("Closed", ""),
    },
    "grant": {
        "in force": ("In force", "good"),
        "upcoming": ("Upcoming", "calm"),
        "waits": ("Waits for approval", "warn"),
        "ended": ("Ended", ""),
    },
    "service": {
        "running": ("Running", "good"),
        "renewing": ("Renewing", "calm"),
        "suspended": ("Suspended", "warn"),
        "expired": ("Expired", "bad"),
        "terminated": ("Terminated", ""),
    },
    "finding": {"ok": ("Met", "good"), "refused": ("Not met", "bad")},
    "support": {
        "standard": ("Standard", ""),
        "premium": ("Premium", "calm"),
        "business": ("Business", "calm"),
        "enterprise": ("Enterprise", "calm"),
    },
    "role": {
        "sales": ("Sales", "calm"),
        "billing": ("Billing", "calm"),
        "treasury": ("Treasury", "calm"),
        "auditor": ("Auditor", ""),
        "administrator": ("Administrator", "calm"),
    },
    "account": {
        "complete": ("Open", "good"),
        "incomplete": ("Incomplete", "warn"),
        "suspended": ("Suspended", "bad"),
        "closed": ("Closed", ""),
    },
}

DONE: Final[Mapping[str, str]] = {
    "requested": "Your request was sent. Sales answers it here.",
    "approved": "The request was approved.",
    "refused": "The request was refused.",
    "granted": "The payment term was granted.",
    "grant-approved": "The payment term was approved.",
    "ended": "The payment term ends as you said.",
    "bundled": "One transfer with this reference pays all of these bills.",
}
"""What is said once on the page that a form led to, by the name in its address."""
