"""The pages: reading, subscribing, leaving. Each module parses a request, calls, and shows; it decides nothing."""
