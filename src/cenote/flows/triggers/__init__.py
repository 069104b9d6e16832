"""The functions that a pool has called at certain moments: one module a kind of trigger.

A module says what the function is told (the event, as AWS documents it for each version) and reads what it answers.
`firing.py` calls it: time limit, tries, errors. Nothing here runs inside a transaction, and a pool without the
trigger pays one look into its document.
"""
