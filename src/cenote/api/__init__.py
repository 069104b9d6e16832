"""The AWS operations, one handler a function, one module a noun.

A handler reads a validated request, asks the store or a flow, and renders the answer. It never parses JSON
(that is `wire/`), never writes SQL (`store/`), and never decides who gets a token (`flows/`).
"""
