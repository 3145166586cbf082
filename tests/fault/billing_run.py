"""Runs a period of the only seller, to be killed: `python billing_run.py URL PERIOD DATE PAGE_SIZE LANES`."""

import sys
from datetime import date

from acquit.actions.run_bills import run_bills
from acquit.store.transaction import Database
from founding import FR, context_on


def main(url: str, period: str, on: str, page_size: str) -> None:
    with Database(url) as database:
        context = context_on(database, date.fromisoformat(on))
        reports = run_bills(context, FR, period, page_size=int(page_size), by="cli")
        sys.stdout.write(f"{sum(report.posted_now for report in reports)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
