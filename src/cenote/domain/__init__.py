"""Nouns and rules, pure: no `await`, no clock, no randomness, no I/O.

Time, ids and random bytes are arguments. What is kept is `store/`; what takes several steps is `flows/`.
"""
