"""What takes a second to work out, remembered by a running desk until it may be another. Nothing here is stored."""
