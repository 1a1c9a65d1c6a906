"""The ground of `subscribers.db`: engine, tables and migrations. Queries live in each folder's `store.py`."""
