"""Who gets an issue and what they asked for: readers, consent, suppression, signed links. Nothing is sent from here."""
