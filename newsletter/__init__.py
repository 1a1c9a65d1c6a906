"""One week of AI tool comparisons, turned into an email digest and delivered once to each reader.

Read the folders in the order in which the data flows: `content` (what the week holds), `digest` (what goes
into an issue), `render` (the issue as bytes), `delivery` (the ledger and the ways out); `readers` says who
gets it, `app` puts the parts together, `cli` and `web` are the doors.
"""

__version__ = "0.2.0"

#: What distribution.py knows this package by.
DISTRIBUTION = "weekly-verdicts-newsletter"
