"""A pool's own domain: JWKS and discovery, later OAuth and the login pages.

It speaks HTTP to browsers and verifiers; the AWS protocol is `api/` and `wire/`.
"""
