"""The editors' desk: pages behind a sign-in. Each module parses a request, calls `newsletter/editing/`, and shows.

How a page is made is said in frame.py, who may see it in people.py.
"""
