"""The editors' desk: pages behind a sign-in. Each module parses a request, calls `newsletter/editing/`, and shows.

How a page is made is said in layout.py, who may see it in auth.py.
"""
