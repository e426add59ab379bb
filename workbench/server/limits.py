"""How much the dashboard server takes on, unless it is told otherwise."""

from __future__ import annotations

MOST_PAGES = 24  # open at once
MOST_MB = 4096  # of memory, for the kernel of one page
LARGEST_BODY = 64 * 2**10  # bytes of a request; forms and beacons are all that is posted
LARGEST_MESSAGE = 8 * 2**20  # bytes on a websocket; files come in smaller pieces
SILENT_S = 60  # a client that is to send something, and does not, is left after this
IDLE_S = 300  # a kernel without a page and without work is ended after this
CHECK_S = 60  # how often that is looked after
