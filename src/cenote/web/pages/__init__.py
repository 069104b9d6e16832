"""The managed login pages: what people see of a pool.

They run on the sign-in engine in `flows/` and have no rule of their own. `visits.py` is a request to one of them,
`rendering.py` writes them; the other modules are a page each, or what belongs together.
"""
