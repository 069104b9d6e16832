"""The managed login pages: what people see of a pool.

They run on the sign-in engine in `flows/` and have no rule of their own. `rendering.py` writes the pages, `views.py`
says what is on each.
"""
