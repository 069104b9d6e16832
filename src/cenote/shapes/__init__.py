"""GENERATED from the AWS service model by `make shapes`: TypedDicts, and the stripped model that `wire/` reads."""
