"""What sentences state: figures, comparisons and opinions of tools, as `statement.Statement`.

`names` finds the tools, `sentence` the quantities, clauses and conditions, `lexicon` holds the words; `costs`, `figures` and
`opinions` read statements from them. Which of them become claims is decided in `pages`, what they contradict in `conflicts`.
"""
