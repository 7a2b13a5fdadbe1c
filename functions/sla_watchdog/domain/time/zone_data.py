"""Which time-zone data is in use."""

from __future__ import annotations

import zoneinfo


def tzdata_version() -> str:
    """IANA version (`2026f`) of the zone data in use, to be stored with what came from it (A6).

    `system` where zoneinfo is free to prefer the zone files of the machine, which do not say their
    version: an empty PYTHONTZPATH forbids it, as in the deployed functions.
    """
    if zoneinfo.TZPATH:
        return "system"
    from tzdata import IANA_VERSION  # type: ignore[import-untyped]  # the package ships no types

    return str(IANA_VERSION)
