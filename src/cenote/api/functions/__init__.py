"""Lambda's Invoke API, for the functions that this host runs: to try one out with the AWS CLI or an SDK.

It speaks REST and JSON, unlike the other operations, so it answers requests itself; what is signed is verified as for
those. Functions elsewhere are not called for anybody: that would lend out the server's credentials.
"""
