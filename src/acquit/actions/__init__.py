"""The verbs: one file per thing that can be done."""
