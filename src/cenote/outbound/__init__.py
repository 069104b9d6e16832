"""Everything that opens a socket outward: mail, text messages, functions, exported logs; identity providers later.

Nothing here is called while a transaction is open: the store raises if it is.
"""
