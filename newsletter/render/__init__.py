"""An issue as bytes: templates compiled once into a `Plan`, composed for each reader. No SQL here."""
