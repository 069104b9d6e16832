"""What a request costs a server, beside what its cryptography alone costs in the same run.

`python -m bench` starts each server on one core with a fresh data directory, sends it checked requests from another
core and counts the CPU time of its whole process tree. It reads no file of Cenote's and calls none of its code (the
pool of a million users, which only the store can fill in reasonable time, is the one exception).
"""
