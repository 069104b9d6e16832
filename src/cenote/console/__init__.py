"""The operator's and developer's pages: a welcome and the outbox.

They show what the rest of the house did and decide nothing. Who may look is decided in `server/pages.py`.
"""
