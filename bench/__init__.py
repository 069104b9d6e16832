"""What a request costs a server, beside what its cryptography alone costs in the same run.

`python -m bench` starts each server on one core with a fresh data directory, sends it checked requests from
another core and counts the CPU time of its whole process tree. It knows Cenote from outside, like its peers; the
one exception is the pool of a million users, which goes straight into the database.
"""
