"""The suppression list knows addresses only by a keyed hash: it outlives an erased reader and names nobody.

Its queries are in store.py; its key, which never changes, in keys.py.
"""

import hmac

from newsletter.readers.addresses import Address


def address_hash(key: bytes, address: Address) -> str:
    """HMAC-SHA256 of the address's key under the suppression key, as hex."""
    return hmac.digest(key, address.key.encode(), "sha256").hex()
