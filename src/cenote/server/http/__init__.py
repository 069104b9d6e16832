"""HTTP/1.1: sockets on one side, an ASGI application on the other. llhttp parses.

Everything happens in one event loop: a request costs no change of threads. What is no HTTP, heads that are too
long or too slow, and clients that do not read end here and never reach the application. Nothing here knows of Cenote.
"""
