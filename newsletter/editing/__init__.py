"""What an editor does to an issue, in the order of its way: drafts, proofs, checks, release, reports. No pages, no commands.

Beside the way stand `people`, which every deed names, and `remembered`, which spares a running desk a second at each page.
"""
