"""What a page says after a form: by short codes in its address, so that nobody can put words into our mouth."""

SAID = {
    "saved": "Saved.",
    "invited": "Invited.",
    "revoked": "Revoked: their sessions are over.",
    "role": "Their role is changed.",
    "signed-out": "The sessions are over.",
    "ruled": "Ruled. Issues that are approved already stay as they are.",
    "taken-back": "The ruling is taken back.",
    "asked": "A mail to confirm is on its way.",
    "asked-before": "They were asked a short while ago, or need not be: nothing was sent.",
    "suppressed": "Suppressed: nothing goes to this address any more.",
    "suppressed-before": "It was suppressed before.",
    "erased": "Erased.",
    "erased-soon": "Erased; the last traces go from the database's own log tonight.",
}
