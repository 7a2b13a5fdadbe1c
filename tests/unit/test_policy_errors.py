"""Every rule of the policy file, as the one error that breaking it gives, on the line that breaks
it.

A row changes one place of a good file. `line` is a part of the line that the error must point
at.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sla_watchdog.tools.policy_file import PolicyErrors, read_policy
from unit.policy_rows import TODAY, WHOLE_FILE, Row, gives_one_error, line_of, problems_of

FILES = Path(__file__).parent / "policy_files"
GOOD = (FILES / "good.yaml").read_text()


YAML = [
    Row(
        "a bracket left open",
        "[New, Active]",
        "[New, Active",
        "waiting:",
        "not YAML: while parsing a flow sequence",
    ),
    Row(
        "a tab",
        "  owner: {each",
        "\towner: {each",
        "owner: {each",
        "not YAML: ",
        "YAML does not take tabs",
    ),
    Row("a missing quote", '"1 - Critical"', '"1 - Critical', "3 - Mod", "not YAML: "),
    Row(
        "an unquoted colon",
        "site.region",
        "site: region",
        "site: region",
        "not YAML: mapping values are not allowed",
    ),
    Row(
        "an alias",
        "shared: [queue]",
        "shared: *queue",
        "*queue",
        "aliases (`*name`) are not understood",
    ),
    Row(
        "a tag",
        "digest_after: 7",
        "digest_after: !!int 7",
        "!!int",
        "tags (`!name`) are not understood",
    ),
    Row(
        "a second document",
        "digest_after: 7",
        "---\ndigest_after: 7",
        "---",
        "a second document begins here",
    ),
    Row("a key that is a list", "  owner:", "  [owner]:", "  [owner]", "a key must be a text"),
    Row(
        "a character out of place", "form: 1", "form: 1\x00", "form: 1", "a character YAML forbids"
    ),
    Row("too deep", "form: 1", "form: " + "[" * 30 + "]" * 30, "form:", "nested too deeply"),
    Row(
        "a key twice", "  sat: [", "  mon-fri: [", "10:00", '"mon-fri" is written twice', "keep one"
    ),
]

SHAPE = [
    Row(
        "an unknown section",
        "digest_after: 7",
        "digest: 7",
        "digest: 7",
        'key "digest" is not known',
        "digest_after",
    ),
    Row(
        "an unknown key of a target",
        "pauses_in: [",
        "pause_in: [",
        "pause_in",
        'key "pause_in" is not',
        "pauses_in",
    ),
    Row(
        "an unknown key of a level",
        "urgent: true",
        "urgnt: true",
        "urgnt",
        'key "urgnt" is not',
        '"urgent"',
    ),
    Row(
        "an unknown key of an audience",
        "hours: office",
        "hour: office",
        "hour:",
        'key "hour" is not',
        '"hours"',
    ),
    Row(
        "a key in other letters",
        "timezone: UTC\nsource",
        "Timezone: UTC\nsource",
        "Timezone",
        "not known",
        '"timezone"',
    ),
    Row(
        "a text for a block",
        "owner: {each: assignee}",
        "owner: assignee",
        "owner: a",
        "a block of keys is expected",
    ),
    Row("a list for a block", "owner: {each: assignee}", "owner: [each]", "owner: [", "not a list"),
    Row("a block for a text", "form: 1", "form: {is: 1}", "form:", "not a block of keys"),
    Row(
        "a key without a value",
        "digest_after: 7",
        "digest_after:",
        "digest_after",
        "nothing is written here",
    ),
    Row(
        "an empty list",
        "tell: [manager]}\n  - {age: 30d",
        "tell: []}\n  - {age: 30d",
        "14d",
        "the list is empty",
    ),
    Row("a blank text", "region: site.region", "region: ' '", "region: '", '" " is not a path'),
    Row(
        "another form",
        "form: 1",
        "form: 2",
        "form: 2",
        '"2" is not a form this version reads',
        "write `form: 1`",
    ),
    Row("no form", "form: 1\n", "", WHOLE_FILE, '"form" is missing', "add `form: 1`"),
    Row(
        "no calendar",
        "    calendar: office\n",
        "",
        "name: government",
        '"calendar" is missing',
        "calendar: office",
    ),
    Row(
        "no name",
        "name: everything-else\n    calendar",
        "calendar",
        "calendar: always",
        '"name" is missing',
    ),
    Row(
        "no target",
        "    targets: {resolution: 40h}\n",
        "",
        "everything-else",
        '"targets" is missing',
        "targets: {",
    ),
    Row(
        "no zone",
        '{daily: ["00:00-24:00"]}',
        '{daily: ["00:00-24:00"]}\n  x: {hours: {mon: ["9:00-10:00"]}}',
        "x: {",
        '"timezone" is missing',
        "timezone: Europe/Berlin",
    ),
    Row(
        "a target without its time",
        "        within: 16h\n",
        "",
        "      resolution:",
        "does not say by when",
    ),
    Row(
        "nobody to tell",
        "{after: 4h, tell: [manager]}",
        "{after: 4h}",
        "{after: 4h}",
        '"tell" is missing',
    ),
]

VALUES = [
    Row(
        "a day of open time",
        "within: 16h",
        "within: 2d",
        "2d",
        "a day of what?",
        "16h if eight make a working day, 48h",
    ),
    Row(
        "a week of open time",
        "resolution: 40h",
        "resolution: 1w",
        "1w",
        "a week of what?",
        "write hours: 40h",
    ),
    Row("a day before", "{before: 1h", "{before: 1d", "{before: 1d", "a day of what?"),
    Row("a day after", "{after: 4h", "{after: 1d", "{after: 1d", "a day of what?"),
    Row("no time", "within: 16h", "within: 0h", "within: 0h", '"0h" is no time at all'),
    Row(
        "negative time",
        "within: 16h",
        "within: -4h",
        "within: -4h",
        "is not a duration",
        "cannot be negative",
    ),
    Row(
        "a number alone",
        "within: 16h",
        "within: 16",
        "within: 16",
        "is not a duration",
        "16h for hours or 16m",
    ),
    Row(
        "a decimal",
        "within: 16h",
        "within: 1.5h",
        "1.5h",
        "is not a duration",
        'did you mean "1h30m"?',
    ),
    Row(
        "words",
        "within: 16h",
        "within: 90 minutes",
        "90",
        "is not a duration",
        'did you mean "1h30m"?',
    ),
    Row("seconds", "within: 16h", "within: 30s", "30s", "is not a duration", "whole minutes only"),
    Row(
        "nonsense",
        "within: 16h",
        "within: soon",
        "soon",
        "is not a duration",
        "a duration looks like 30m, 8h",
    ),
    Row("units in another order", "within: 16h", "within: 30m1h", "30m1h", "is not a duration"),
    Row("for ever", "within: 16h", "within: 999999h", "999999h", "longer than five years"),
    Row(
        "a digest of none",
        "digest_after: 7",
        "digest_after: 0",
        "digest_after",
        '"0" is not a number of messages',
    ),
    Row(
        "a digest of half",
        "digest_after: 7",
        "digest_after: 7.5",
        "digest_after",
        '"7.5" is not a number of',
    ),
    Row(
        "yes for true",
        "urgent: true",
        "urgent: yes",
        "urgent: yes",
        '"yes" is neither true nor false',
    ),
    Row(
        "an audience with a capital",
        "  executive: {}",
        "  Executive: {}\n  executive: {}",
        "Executive: {}",
        '"Executive" cannot be the name of an audience',
        '"executive" would do',
    ),
    Row(
        "an audience with two hyphens",
        "  executive: {}",
        "  executive: {}\n  a--b: {}",
        "a--b",
        '"a--b" cannot be',
        '"a-b"',
    ),
    Row(
        "an audience with the ending of urgent ones",
        "  executive: {}",
        "  executive: {}\n  boss-urgent: {}",
        "boss",
        "cannot be the name of an audience",
        '"boss" would do',
    ),
    Row(
        "an audience with a long name",
        "  executive: {}",
        f"  executive: {{}}\n  {'a' * 41}: {{}}",
        "aaa",
        "cannot be the",
    ),
    Row(
        "each of something else",
        "{each: team}",
        "{each: teams}",
        "teams",
        '"teams" is not something',
        '"team"',
    ),
    Row(
        "a name with a space",
        "  waiting: [Awaiting User Info]",
        "  waiting: [Awaiting User Info]\n  on hold: [On Hold]",
        "on hold",
        '"on hold" cannot be a name',
        '"on-hold" would do',
    ),
]
DIGESTS = [
    Row(
        "a digest as a list",
        "executive: {}",
        "executive: {digest: [mon 09:00, thu 09:00]}",
        "executive:",
        "one text, not a list",
        "write mon,thu 09:00",
    ),
    Row(
        "a digest without a time",
        "executive: {}",
        "executive: {digest: mon}",
        "executive:",
        '"mon" does not end with a time of day',
        "mon 09:00",
    ),
    Row(
        "a digest that says nothing",
        "executive: {}",
        'executive: {digest: " "}',
        "executive:",
        "does not end with a time of day",
    ),
    Row(
        "a digest after the end of the day",
        "executive: {}",
        "executive: {digest: 24:00}",
        "executive:",
        '"24:00" is not a time of day',
    ),
    Row(
        "a digest at no minute",
        "executive: {}",
        "executive: {digest: 09:60}",
        "executive:",
        '"09:60" is not a time of day',
    ),
    Row(
        "a digest on no day",
        "executive: {}",
        "executive: {digest: monday 09:00}",
        "executive:",
        '"monday" is not a day',
        '"mon"',
    ),
    Row(
        "a digest on a day and on none",
        "executive: {}",
        'executive: {digest: "mon, 09:00"}',
        "executive:",
        '"" is not a day',
    ),
    Row(
        "at once without a digest",
        "executive: {}",
        "executive: {at_once: [breach]}",
        "executive:",
        "everything comes at once where there is no digest",
        "digest:",
    ),
    Row(
        "a digest of operations",
        "executive: {}",
        "executive: {}\n  operations: {digest: 09:00}",
        "operations:",
        "operations hear of everything at once",
        "leave `digest:` out",
    ),
    Row(
        "at once what nobody knows",
        "executive: {}",
        "executive: {digest: 09:00, at_once: [breech]}",
        "executive:",
        '"breech" is not something that may come at once',
        '"breach"',
    ),
]

CALENDARS = [
    Row(
        "no such zone",
        "timezone: America/New_York",
        "timezone: New York",
        "New York",
        "no time zone",
        "America/New_York",
    ),
    Row(
        "no such zone at the top",
        "timezone: UTC\nsource",
        "timezone: utc\nsource",
        "utc",
        'is called "utc"',
        '"UTC"',
    ),
    Row(
        "a zone nobody knows",
        "timezone: America/New_York",
        "timezone: Xyzzy",
        "Xyzzy",
        "no time zone",
        "IANA names",
    ),
    Row("a day written out", "sat: [", "saturday: [", "saturday", "is not a day", '"sat"'),
    Row("a day that is none", "sat: [", "xyz: [", "xyz", "is not a day", "mon-fri is a range"),
    Row("a day in two ranges", "sat: [", "fri-sat: [", "fri-sat", "fri already has hours"),
    Row(
        "hours without minutes",
        '"10:00-14:00"',
        "10-14",
        "10-14",
        "is not opening hours",
        '"10:00-14:00"?',
    ),
    Row(
        "hours that are none",
        '"10:00-14:00"',
        "always",
        "sat: [always]",
        "is not opening hours",
        "look like 09:00-17:30",
    ),
    Row(
        "an hour that is none",
        '"10:00-14:00"',
        "10:00-25:00",
        "25:00",
        '"25:00" in "10:00-25:00" is not a time',
    ),
    Row("a minute that is none", '"10:00-14:00"', "10:75-14:00", "10:75", '"10:75" in'),
    Row("opening at 24:00", '"10:00-14:00"', "24:00-06:00", "24:00-06", '"24:00" in'),
    Row("hours of no length", '"10:00-14:00"', "10:00-10:00", "10:00-10", "closes when it opens"),
    Row(
        "hours that overlap",
        '["10:00-14:00"]',
        '["10:00-14:00", "13:00-15:00"]',
        "sat:",
        "10:00-14:00 and 13:00-15:00 over",
    ),
    Row(
        "a night that overlaps",
        '["10:00-14:00"]',
        '["22:00-06:00", "23:00-23:30"]',
        "sat:",
        "22:00-06:00 and 23:00",
    ),
    Row(
        "a calendar that never opens",
        '{daily: ["00:00-24:00"]}',
        "{daily: []}",
        "hours: {daily",
        "this calendar never opens",
    ),
    Row(
        "a calendar without days",
        '{daily: ["00:00-24:00"]}',
        "{}",
        "hours: {}",
        "this calendar never opens",
    ),
    Row(
        "a country that is none",
        "country: US",
        "country: XX1",
        "XX1",
        'no country has the code "XX1"',
        "ISO 3166",
    ),
    Row(
        "a state that is none",
        "subdivision: NY",
        "subdivision: XX",
        "XX",
        'US has no subdivision "XX"',
        "known: ",
    ),
    Row(
        "a state of no country",
        "      country: US\n",
        "",
        "subdivision: NY",
        "a subdivision needs its country",
    ),
    Row(
        "a country without known holidays",
        "country: US\n      subdivision: NY",
        "country: UA",
        "UA",
        "the library of holidays knows none in UA for 2026",
        "dates: [2026-12-25]",
    ),
    Row(
        "a date of another form",
        "[2026-12-24]",
        "[24.12.2026]",
        "24.12",
        '"24.12.2026" is not a date',
        "2026-12-24",
    ),
    Row(
        "a date that is none", "[2026-12-24]", "[2026-02-30]", "02-30", "a day that does not exist"
    ),
    Row(
        "an exception on no date", "2026-12-31: [", "31 Dec: [", "31 Dec", '"31 Dec" is not a date'
    ),
]

DESK = [
    Row(
        "a placeholder of another name",
        "TICKET#{ticket_id}",
        "TICKET#{id}",
        "{id}",
        '"{id}" stands for nothing',
    ),
    Row(
        "a placeholder left open",
        "TICKET#{ticket_id}",
        "TICKET#{ticket_id",
        "pk:",
        '"{ticket_id" stands for nothing',
    ),
    Row(
        "a placeholder twice",
        "TICKET#{ticket_id}",
        "{ticket_id}#{ticket_id}",
        "pk:",
        "{ticket_id} stands here twice",
    ),
    Row(
        "one key for all tickets",
        "TICKET#{ticket_id}",
        "TICKET",
        "pk:",
        "the same key for every ticket",
    ),
    Row(
        "three key attributes",
        "sk: META}",
        "sk: META, x: y}",
        "x: y",
        "one or two key attributes, not 3",
    ),
    Row(
        "a field that nothing reads",
        "created_at: opened",
        "craeted_at: opened",
        "craeted",
        "nothing reads the field",
        '"created_at"',
    ),
    Row(
        "a field of one's own that no condition asks for",
        "region: site.region",
        "region: a\n  floor: b",
        "floor",
        'nothing reads the field "floor"',
        "use it in a `when:`",
    ),
    Row(
        "a field for what changed",
        "region: site.region",
        "region: a\n  history: audit.changes",
        "history",
        'nothing reads the field "history"',
        "what changes is learned from each record",
    ),
    Row(
        "a field for the id",
        "created_at: opened",
        "ticket_id: n",
        "ticket_id: n",
        "read from the key",
        "`source:`",
    ),
    Row(
        "a path with a hole",
        "site.region",
        "site..region",
        "site..",
        '"site..region" is not a path',
    ),
    Row(
        "no resolved group",
        "  resolved: [Resolved]\n",
        "",
        "statuses:",
        "no status means that a ticket is resolved",
        "add `resolved: [Resolved]`",
    ),
    Row(
        "a resolved group misspelt",
        "resolved: [R",
        "resloved: [R",
        "statuses:",
        "no status means",
        '"resloved" is a group',
    ),
    Row(
        "an empty resolved group",
        "resolved: [Resolved]",
        "resolved: []",
        "resolved: []",
        "the list is empty",
    ),
    Row(
        "a status in two groups",
        "closed: [Closed]",
        "closed: [Closed, ACTIVE]",
        "ACTIVE",
        "listed already: statuses.open on",
    ),
    Row(
        "a status twice in a group",
        "[New, Active]",
        "[New, Active, new]",
        "new]",
        '"new" is listed already',
    ),
    Row(
        "a priority of two names",
        'normal: ["3',
        'normal: ["1 - critical", "3',
        "normal",
        '"1 - critical" is listed',
    ),
]

CONDITIONS = [
    Row(
        "a field that tickets have not",
        "customer_tier: [g",
        "customer_teir: [g",
        "teir",
        "tickets have no field",
        'did you mean "customer_tier"?',
    ),
    Row(
        "a field of one's own without a path",
        "customer_tier: [g",
        "floor: [g",
        "floor",
        "tickets have no field",
        "`floor: floor`",
    ),
    Row(
        "a priority nobody defined",
        "priority: urgent",
        "priority: urgnt",
        "urgnt",
        "no priority is called",
        '"urgent"',
    ),
    Row(
        "a priority in the desk's words",
        "priority: urgent",
        "priority: 1 - Critical",
        "priority: 1",
        "no priority is called",
    ),
    Row(
        "a status nobody defined",
        "priority: urgent",
        "status: Nwe",
        "Nwe",
        "no status is called",
        '"New"',
    ),
    Row("an empty when", "{not: missing}", "{not: []}", "{not: []}", "the list is empty"),
    Row(
        "missing among values",
        "{not: missing}",
        "[emea, missing]",
        "emea",
        "`missing` cannot be one of several values",
    ),
    Row(
        "a comparison nobody knows",
        "{not: missing}",
        "{at_most: 3}",
        "at_most",
        'says nothing about "region"',
        "at_least",
    ),
    Row(
        "not twice",
        "{not: missing}",
        "{not: {not: emea}}",
        "{not: {",
        'says nothing about "region"',
    ),
    Row(
        "not inside of not",
        "region: {not: missing}",
        "not: {region: {not: emea}}",
        "not: {r",
        'nothing about "region"',
    ),
    Row(
        "not of two fields",
        "region: {not: missing}",
        "not: {region: emea, status: New}",
        "not: {r",
        "`not:` takes one field",
    ),
    Row(
        "at least of a text", "{not: missing}", "{at_least: many}", "many", '"many" is not a number'
    ),
]

POLICIES = [
    Row(
        "a last policy with a condition",
        "    calendar: always\n",
        "    calendar: always\n    when: {channel: phone}\n",
        "when: {channel",
        "the last policy has a condition",
        "no ticket goes without a policy",
    ),
    Row(
        "a calendar nobody defined",
        "calendar: office",
        "calendar: ofice",
        "ofice",
        "no calendar is called",
        '"office"',
    ),
    Row(
        "hours nobody defined",
        "hours: office",
        "hours: night",
        "hours: night",
        'no calendar is called "night"',
        "known: office",
    ),
    Row(
        "a ladder nobody defined",
        "ladder: reply",
        "ladder: replies",
        "replies",
        "no ladder is called",
        '"reply"',
    ),
    Row(
        "an audience nobody defined",
        "{after: 4h, tell: [manager]}",
        "{after: 4h, tell: [manger]}",
        "manger",
        'no audience is called "manger"',
        'did you mean "manager"?',
    ),
    Row(
        "an audience nobody defined, in a ceiling",
        "{age: 30d, tell: [executive]}",
        "{age: 30d, tell: [board]}",
        "board",
        'no audience is called "board"',
        "known: owner, team-lead, manager, executive",
    ),
    Row(
        "a group nobody defined",
        "pauses_in: [waiting]",
        "pauses_in: [paused]",
        "paused",
        "no status group is called",
    ),
    Row(
        "no ladder at all",
        "    ladder: standard\n    targets: {resolution: 40h}",
        "    targets: {resolution: 40h}",
        "resolution: 40h",
        'no ladder for "resolution"',
    ),
    Row(
        "a clock that pauses where it ends",
        "pauses_in: [waiting]",
        "pauses_in: [closed]",
        "[closed]",
        "cannot pause in",
    ),
    Row(
        "a clock that ends where nothing is",
        "  closed: [Closed]\n",
        "",
        "stops_at",
        "no status is in the group closed",
    ),
    Row(
        "a clock that ends elsewhere",
        "stops_at: closed",
        "stops_at: waiting",
        "stops_at",
        "is not a group that ends a case",
    ),
    Row(
        "an end of the first response",
        "{within: 1h, ladder: reply}",
        "{within: 1h, ladder: reply, stops_at: closed}",
        "within: 1h",
        'the key "stops_at" is not known here',
    ),
    Row(
        "two policies of one name",
        "name: everything-else",
        "name: Government",
        "Government",
        'is called "Government" too',
    ),
    Row(
        "a metric that is none",
        "resolution: 40h",
        "resolutoin: 40h",
        "resolutoin",
        'key "resolutoin" is not',
        '"resolution"',
    ),
]

LADDERS = [
    Row(
        "a last level that does not repeat",
        ", repeat: 1d}",
        "}",
        "after: 16h",
        "the last level does not repeat",
        "repeat: 1d",
    ),
    Row(
        "a level before the last that repeats",
        "{after: 4h, tell: [manager]}",
        "{after: 4h, tell: [manager], repeat: 1d}",
        "after: 4h",
        "only the last level repeats",
    ),
    Row(
        "a ceiling below the last that repeats",
        "tell: [manager]}\n  - {age: 30d",
        "tell: [manager], repeat: 1d}\n  - {age: 30d",
        "14d",
        "only the last level repeats",
    ),
    Row(
        "levels out of order",
        "{after: 4h, tell",
        "{after: 20h, tell",
        "after: 16h",
        "`after: 16h` does not come later than",
    ),
    Row(
        "levels at one time",
        "{after: 4h, tell",
        "{after: 16h, tell",
        "repeat: 1d",
        "does not come later than `after: 16h`",
    ),
    Row(
        "a warning after the breach",
        "{after: 4h, tell: [manager]}",
        "{at: 80%, tell: [manager]}",
        "80%",
        "`at: 80%` does not come later than `at: breach`",
    ),
    Row(
        "shares out of order",
        "{at: 75%, tell: [owner]}",
        "{at: 75%, tell: [owner]}\n    - {at: 50%, tell: [owner]}",
        "50%",
        "`at: 50%` does not come later than `at: 75%`",
    ),
    Row(
        "ceilings out of order",
        "age: 30d",
        "age: 7d",
        "age: 7d",
        "`age: 7d` does not come later than `age: 14d`",
    ),
    Row(
        "a share with a zero before it", "at: 75%", "at: 075%", "075%", "is not between 1% and 99%"
    ),
    Row("a share of nothing", "at: 75%", "at: 0%", "0%", "is not between 1% and 99%"),
    Row(
        "a share of all", "at: 75%", "at: 100%", "100%", "is not between 1% and 99%", "`at: breach`"
    ),
    Row(
        "a share without its sign",
        "at: 75%",
        "at: 75",
        "at: 75",
        "neither a share of the target nor the breach",
        "at: 75%",
    ),
    Row(
        "a level at a time",
        "at: 75%",
        "at: 2h",
        "at: 2h",
        "neither a share",
        "`before: 2h` or `after: 4h`",
    ),
    Row(
        "a level without a time",
        "{before: 1h, tell",
        "{tell",
        "{tell",
        "this level does not say when",
        "at: 75%",
    ),
    Row(
        "a level with two times",
        "{before: 1h, tell",
        "{before: 1h, at: breach, tell",
        "before: 1h",
        "due twice: before and at",
    ),
    Row(
        "a repetition after weeks",
        "repeat: 1d}",
        "repeat: 2w}",
        "2w",
        "nobody waits longer than a week",
    ),
    Row(
        "a fixed repetition after weeks",
        "{every: 8h}",
        "{every: 8d}",
        "8d",
        "nobody waits longer than a week",
    ),
    Row(
        "a repetition of another key",
        "{every: 8h}",
        "{each: 8h, every: 8h}",
        "each: 8h",
        'the key "each" is not known',
    ),
    Row(
        "one audience told twice",
        "[owner, team-lead], urgent",
        "[owner, owner], urgent",
        "owner, owner",
        '"owner" is told twice',
    ),
    Row(
        "no ceilings",
        GOOD[GOOD.index("ceilings:") : GOOD.index("digest_after")],
        "",
        WHOLE_FILE,
        '"ceilings" is missing',
        "ceilings:\n  - {age: 14d, tell: [manager]}",
    ),
    Row(
        "empty ceilings",
        GOOD[GOOD.index("ceilings:") : GOOD.index("digest_after")],
        "ceilings: []\n",
        "ceilings",
        "is empty",
    ),
]

ROWS = [*YAML, *SHAPE, *VALUES, *DIGESTS, *CALENDARS, *DESK, *CONDITIONS, *POLICIES, *LADDERS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_broken_rule_is_one_error_on_its_own_line(row: Row) -> None:
    gives_one_error(GOOD, row)


def test_the_good_file_is_good() -> None:
    assert problems_of(GOOD) == ()


def test_every_error_is_found_at_once_in_the_order_of_the_lines() -> None:
    text = GOOD
    for old, new in (
        ("timezone: UTC\nsource", "timezone: Mars\nsource"),
        ("[New, Active]", "[New, new]"),
        ("each: team", "each: person"),
        ("within: 16h", "within: 2d"),
        ("after: 4h, tell: [manager]", "after: 4h, tell: [nobody]"),
        ("age: 14d", "age: often"),
        ("digest_after: 7", "digest_after: many"),
    ):
        text = text.replace(old, new, 1)
    lines = [problem.place.line for problem in problems_of(text)]
    assert lines == sorted(lines)
    assert len(lines) == 7


def test_the_whole_form_of_the_design_is_understood() -> None:
    problems = problems_of((FILES / "design.yaml").read_text())
    assert [problem.message for problem in problems] == ['nobody uses the calendar "always"']


def test_a_repeated_section_names_the_line_of_the_first() -> None:
    problems = problems_of(GOOD + "form: 1\n")
    assert [problem.message for problem in problems] == [
        '"form" is written twice; it already stands on line 1'
    ]
    assert problems[0].place.line == GOOD.count("\n") + 1


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# a comment\n", "---\n"], ids=["nothing", "blank", "comment", "marker"]
)
def test_an_empty_file_is_one_error(text: str) -> None:
    assert [problem.message for problem in problems_of(text)] == ["the file is empty"]


@pytest.mark.parametrize("text", ["policy", "- form: 1", "[]"], ids=["text", "list", "empty list"])
def test_a_file_that_is_no_block_of_keys_is_one_error(text: str) -> None:
    assert ["a block of keys is expected" in problem.message for problem in problems_of(text)] == [
        True
    ]


def test_each_missing_section_comes_with_lines_that_mend_it() -> None:
    """Pasting every hint below `form: 1` gives a file that is good."""
    hints = [problem.hint.removeprefix("add:\n") for problem in problems_of("form: 1")]
    assert len(hints) == 6
    assert problems_of("\n".join(["form: 1", *hints])) == ()


def test_a_history_that_a_condition_asks_for_is_a_field_like_any_other() -> None:
    text = GOOD.replace("region", "history")
    assert problems_of(text) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "    calendar: always\n",
            "    calendar: office\n",
            "always:",
            'nobody uses the calendar "always"',
        ),
        (", ladder: reply", "", "reply:", 'nobody uses the ladder "reply"'),
        (
            "country: US\n      subdivision: NY",
            "country: LK",
            "LK",
            "holidays in LK are known until 2026 only",
        ),
        (
            "executive: {}",
            "executive: {hours: office, digest: sun 12:00}",
            "executive:",
            'this digest is never within the hours of "office"',
        ),
        (
            "executive: {}",
            "executive: {digest: 09:00, at_once: [again, breach]}",
            "executive:",
            'nothing that "executive" hears of is "again"',
        ),
        (
            "executive: {}",
            "executive: {digest: 09:00, at_once: [signal]}",
            "executive:",
            'nothing that "executive" hears of is "signal"',
        ),
    ],
    ids=[
        "a calendar",
        "a ladder",
        "holidays that end soon",
        "a digest on closed days",
        "at once what has no clock",
        "at once what tells others",
    ],
)
def test_what_may_be_meant_is_a_warning_only(old: str, new: str, line: str, message: str) -> None:
    text = GOOD.replace("{within: 1h", "{within: 3h").replace(old, new, 1)
    problems = problems_of(text)
    assert [(p.place.line, p.warning) for p in problems] == [(line_of(text, line), True)], problems
    assert message in problems[0].message


@pytest.mark.parametrize(
    "audience",
    [
        "{digest: 09:00}",
        "{digest: 09:00, at_once: []}",
        "{digest: 09:00, at_once: [breach, broken-promise, ceiling]}",
        "{hours: office, digest: 09:00}",
        "{hours: office, digest: daily 12:00}",
    ],
)
def test_digests_that_are_fine_are_not_worth_a_word(audience: str) -> None:
    text = GOOD.replace("executive: {}", f"executive: {audience}")
    assert problems_of(text) == ()


def test_a_share_and_a_lead_are_compared_for_each_target() -> None:
    """75 % of 8 h comes before 1 h is left; of 2 h it comes after."""
    ladder = "    - {at: 75%, tell: [owner]}\n    - {before: 1h, tell: [owner]}\n"
    text = GOOD.replace("    - {before: 1h, tell: [owner]}\n", ladder)
    assert problems_of(text) == ()
    problems = problems_of(text.replace("resolution: 40h", "resolution: 2h"))
    message = (
        'with a target of 2h, `before: 1h` of the ladder "standard" '
        "does not come later than `at: 75%`"
    )
    assert [problem.message for problem in problems] == [message]
    assert problems[0].path == "policies[1].targets.resolution"


def test_a_ladder_that_ends_before_the_breach_is_refused() -> None:
    start = GOOD.index("    - {at: breach, tell: [owner, team-lead], repeat")
    text = (
        GOOD[:start].replace("tell: [owner]}\n", "tell: [owner], repeat: 1d}\n")
        + GOOD[GOOD.index("  standard:") :]
    )
    assert [problem.message for problem in problems_of(text)] == ["nobody is told once it is late"]


def test_a_policy_that_hides_those_below_it_is_refused() -> None:
    start, end = GOOD.index("    when:"), GOOD.index("    calendar: office")
    text = (GOOD[:start] + GOOD[end:]).replace("  region: site.region\n", "")
    assert [problem.message for problem in problems_of(text)] == [
        "this policy matches every ticket, so those below it never do"
    ]


def test_operations_may_be_told_without_a_definition() -> None:
    text = GOOD.replace(
        "{age: 30d, tell: [executive]}", "{age: 30d, tell: [executive, operations]}"
    )
    checked = read_policy(text, "policy.yaml", TODAY)
    assert "operations" in checked.form.policy.audiences


def test_an_error_reads_as_a_compiler_writes_it() -> None:
    with pytest.raises(PolicyErrors) as caught:
        read_policy(GOOD.replace("digest_after: 7", "digest_after: 0"), "here/policy.yaml", TODAY)
    assert str(caught.value) == 'here/policy.yaml:70:15: "0" is not a number of messages'
