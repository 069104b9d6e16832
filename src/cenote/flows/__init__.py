"""What several doors share or what takes several steps: sign-in, tokens, verification, messages.

A flow never learns that it is spoken to in JSON (that is `wire/` and `api/`) and writes no SQL (`store/`).
"""
