"""Everything that opens a socket outward: mail today; functions, SMS and identity providers later.

Nothing here is called while a transaction is open: the store raises if it is.
"""
