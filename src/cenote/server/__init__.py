"""The process: settings, the composition root, HTTP, workers, jobs, logs, metrics, health.

The only package that knows every other one. It holds no rule of Cognito's: those are in `flows/` and `domain/`.
"""
