"""The files of a workspace, read and checked: kogda.yaml, schema.yaml, and which rules and templates there are."""
