"""Takes blocks of numbers until it is killed: `python numbering.py URL SERIES BLOCK DATE BLOCKS_MAX`.

Each block is registered in the transaction that took it; every third one is undone.
"""

import sys
from datetime import date, timedelta

from acquit.store import series
from acquit.store.transaction import Database


class Undone(Exception):
    """The transaction is given up after its numbers were taken."""


def main(url: str, series_id: str, size: str, on: str, blocks_max: str) -> None:
    with Database(url) as database:
        for turn in range(int(blocks_max)):
            try:
                with database.write() as tx:
                    wished = date.fromisoformat(on) + timedelta(days=turn % 5)
                    block = series.take(tx, series_id, int(size), wished, or_later=True)
                    rows = [
                        (f"{series_id}{number:08d}", series_id, number, "ab12345-acq", block.issued_on)
                        for number in range(block.first, block.first + block.count)
                    ]
                    tx.copy(
                        "bill_number", ("bill_id", "series_id", "number", "account_id", "issued_on"), rows
                    )
                    if turn % 3 == 2:
                        raise Undone
            except Undone:
                continue


if __name__ == "__main__":
    main(*sys.argv[1:])
