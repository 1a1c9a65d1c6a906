"""When things run: slots, their leases, the ticker, and the processes that `serve` looks after.

What a job does is not here: it is one call in `jobs/`, and its work lives in `newsletter/editing/`.
"""
