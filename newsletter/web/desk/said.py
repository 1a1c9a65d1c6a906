"""What a page says after a form: by short codes in its address, so that nobody can put words into our mouth."""

SAID = {
    "saved": "Saved.",
    "invited": "Invited.",
    "revoked": "Revoked: their sessions are over.",
    "role": "Their role is changed.",
    "signed-out": "The sessions are over.",
}
