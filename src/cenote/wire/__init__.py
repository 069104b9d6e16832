"""AWS JSON 1.1: dispatch, validation and serialising by the service model, SigV4, error bodies, CORS.

It knows no Cognito rule and no user pool: `server/app.py` hands it the handlers, a context factory and a key
look-up.
"""
