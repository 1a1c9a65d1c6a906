"""How fast the promises are kept. `python -m benchmarks` runs all, `python -m benchmarks compose` one of them.

Each module here named in `SUITE` has `run() -> Iterable[Figure]`. A figure is always measured beside its limit, in
the same run and in turns, and what is promised is their ratio: machines differ, and so does one machine by the
minute. Measuring is in benchmarks/measure.py, what a figure is in benchmarks/figures.py. How much of what contradicts itself
is found is measured too, in benchmarks/truth.py, when it is named.
"""

#: The benchmarks, in the order of the table.
SUITE = ("compose", "personal", "dkim", "drafting", "ledger", "smtp", "sendgrid", "desk", "importing", "load")
