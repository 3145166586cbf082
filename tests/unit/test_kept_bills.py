"""Where a process keeps the JSON of bills: for few names of ours, none of which may be long."""

from zoneinfo import ZoneInfo

from acquit.adapters.sealer import AesSealer
from acquit.api.bills import ORIGIN_MAX, kept_for
from acquit.store.transaction import Database


def test_a_long_name_of_ours_drives_out_nothing_that_is_kept() -> None:
    zone, sealer = ZoneInfo("Europe/Paris"), AesSealer(b"s" * 32)
    with Database("postgresql://nowhere.invalid/none") as database:
        kept = kept_for(zone, "https://billing.example", sealer, database)
        for number in range(10):
            long = f"https://{number}{'a' * ORIGIN_MAX}.example"
            assert kept_for(zone, long, sealer, database) is not kept_for(zone, long, sealer, database)
        assert kept_for(zone, "https://billing.example", sealer, database) is kept
