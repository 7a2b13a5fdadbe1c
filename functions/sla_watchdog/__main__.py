"""`python -m sla_watchdog`, the same as the console script `sla-watchdog`."""

import sys

from sla_watchdog.tools.cli import main

sys.exit(main())
