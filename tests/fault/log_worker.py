"""A worker in a process of its own that forwards logs, until it is killed."""

import logging
import sys
import threading
from dataclasses import replace

from acquit.adapters.clock import SystemClock
from acquit.store.transaction import Database
from acquit.worker.outbox import work
from collecting_logs import carrying
from founding import context_on

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    with Database(sys.argv[1]) as database:
        context = carrying(replace(context_on(database), clock=SystemClock()))
        work(context, sys.argv[1], threading.Event(), schedule=())
