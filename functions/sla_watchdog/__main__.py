"""`python -m sla_watchdog`, the same as the console script `sla-watchdog`."""

import sys

from sla_watchdog.cli import main

sys.exit(main())
