"""Functions that this host runs itself, by the Lambda Runtime API, with AWS's own runtime clients.

A function is a folder. Each worker starts processes for it when it is called (`hosting.py`), hands them one event at
a time over a port of their own on 127.0.0.1 (`runtime_api.py`), to which nobody else is let (`peers.py`), and kills
them when they take too long, when their folder changes and when the worker ends (`instances.py`, `wardens.py`).
"""
