"""The operator's and developer's pages: today the outbox.

It shows what the rest of the house did and decides nothing. Who may look is decided in `server/pages.py`.
"""
