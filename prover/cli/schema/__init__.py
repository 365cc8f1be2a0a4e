"""What the commands print with --json: a model for each object, and the JSON Schema made of them.

No command needs these: they describe. `schema.json` beside them is made of them by
scripts/tables.py, for programs that read the output in any language.
"""
