"""Answers of an archive: what is owed, what was spent, why it changed, what is left of orders, what to trust.

`whole.py` asks everything; `owed`, `spent`, `changes`, `orders` and `trust` each answer a part in SQL;
`terminal`,
`sheets` and `page` show any answer. Amounts stay whole numbers; currencies are never added up.
"""
