"""The OAuth 2.0 and OpenID Connect endpoints of a pool's domain.

Here requests are read and checked, in the order of the specifications, and answers are written. Who gets tokens is
decided in `flows/grants.py`; users meet the pages in `web/pages`.
"""
