"""The SQL that makes each table of some accounts out of their journals (`told`) and papers (`saved`)."""

from typing import Final

from acquit.collector.families import OWED

MACROS: Final = """
CREATE MACRO text_of(body, member) AS json_extract_string(body, '$.' || member);
CREATE MACRO whole_of(body, member) AS TRY_CAST(json_extract_string(body, '$.' || member) AS BIGINT);
CREATE MACRO day_of(body, member) AS TRY_CAST(substr(json_extract_string(body, '$.' || member), 1, 10) AS
  DATE);
CREATE MACRO ucents_of(price) AS coalesce(
    TRY_CAST(json_extract_string(price, '$.priceInUcents') AS HUGEINT),
    CAST(TRY_CAST(json_extract_string(price, '$.value') AS DECIMAL(20, 8)) * 100000000 AS HUGEINT));
CREATE MACRO unit_of(currency) AS CASE currency WHEN 'XOF' THEN 100000000 WHEN 'TND' THEN 100000 ELSE
  1000000 END;
CREATE MACRO rounded(ucents, unit) AS
    CAST(CASE WHEN ucents < 0 THEN -((-ucents + unit // 2) // unit) ELSE (ucents + unit // 2) // unit END
      AS BIGINT);
CREATE MACRO currency_of(price) AS json_extract_string(price, '$.currencyCode');
CREATE MACRO minor_of(price) AS rounded(ucents_of(price), unit_of(currency_of(price)));
CREATE MACRO quantity_e4_of(body) AS
    CAST(TRY_CAST(text_of(body, 'quantity') AS DECIMAL(22, 4)) * 10000 AS BIGINT);
CREATE MACRO in_slice(bill) AS hash(bill) % getvariable('slices') = getvariable('slice');
"""

LINES: Final = """
CREATE TABLE told AS
    SELECT parse_filename(filename, true, 'both_slash') AS account, row_number() OVER () AS no, kind,
           coalesce(parent, '') AS parent, key, seen_at, body
      FROM read_json({journals}, format = 'newline_delimited', maximum_object_size = {most}, filename = true,
                     columns = {{kind: 'VARCHAR', parent: 'VARCHAR', key: 'VARCHAR', seen_at: 'TIMESTAMP',
                                 body: 'JSON'}});
SET preserve_insertion_order = false;
CREATE TABLE again AS
    SELECT hash(account, kind, parent, key) AS name FROM told WHERE kind <> 'bill'
     GROUP BY name HAVING count(*) > 1;
CREATE TABLE former AS
    SELECT no FROM told SEMI JOIN again ON hash(account, kind, parent, key) = name WHERE kind <> 'bill'
    QUALIFY no < max(no) OVER (PARTITION BY account, kind, parent, key);
CREATE TABLE gone AS
    SELECT account, parent AS kind, key FROM told ANTI JOIN former USING (no)
     WHERE kind = 'gone' AND body = 'true';
CREATE VIEW newest AS
    SELECT told.*, gone.key IS NOT NULL AS is_gone FROM told ANTI JOIN former USING (no)
      LEFT JOIN gone ON gone.account = told.account AND gone.kind = told.kind AND gone.key = told.key;
CREATE TABLE saved AS SELECT * FROM read_json({papers}, format = 'newline_delimited',
    columns = {{account: 'VARCHAR', bill_id: 'VARCHAR', kind: 'VARCHAR', path: 'VARCHAR', sha256: 'VARCHAR',
                size_bytes: 'BIGINT', saved_at: 'TIMESTAMP', mark: 'VARCHAR'}});
"""
"""`no` tells a later line of an account from an earlier one; `newest` has the last content of each object."""

_KINDS: Final = tuple(family.kind for family in OWED)

PAPERS: Final = f"""
CREATE TABLE shared AS
    SELECT account, key, min(array_position({list(_KINDS)}, kind)) AS place FROM told
      SEMI JOIN (SELECT DISTINCT account, key FROM told WHERE kind IN {_KINDS[1:]}) AS other
          USING (account, key)
     WHERE kind IN {_KINDS} GROUP BY account, key;
CREATE VIEW owed_paper AS
    SELECT told.*, CASE WHEN kind <> 'credit_note' THEN 1
                        WHEN coalesce(minor_of(body->'priceWithTax'), 0) < 0 THEN 1 ELSE -1 END AS sign
      FROM told LEFT JOIN shared USING (account, key)
     WHERE kind = 'bill' OR (kind IN {_KINDS} AND array_position({list(_KINDS)}, kind) = place);
CREATE TABLE turned AS
    SELECT account, key AS bill_id FROM owed_paper WHERE kind = 'credit_note' AND sign = -1
    QUALIFY row_number() OVER (PARTITION BY account, key ORDER BY no DESC) = 1;
"""  # noqa: S608 - what is put in is ours
"""What the account owes, each paper as the family whose list comes first of those that tell it. A credit note
that is told with positive amounts is turned: it takes away."""

_AMOUNTS: Final = """
    currency_of(body->'priceWithTax') AS currency, sign * minor_of(body->'priceWithoutTax') AS net_minor,
    sign * minor_of(body->'tax') AS tax_minor, sign * minor_of(body->'priceWithTax') AS total_minor"""

_FACTS: Final = f"""
    account, kind AS family, key AS bill_id, day_of(body, 'date') AS issued_on,
    text_of(body, 'category') AS category, whole_of(body, 'orderId') AS order_id, {_AMOUNTS}"""

_DETAIL_ID: Final = "coalesce({})".format(
    ", ".join(f"text_of(body, '{family.detail_key}')" for family in OWED)
)
_ORIGINAL: Final = " ".join(
    f"WHEN '{family.kind}' THEN text_of(body, '{family.original}')" for family in OWED if family.original
)

SAID: Final = {
    "newest_bill": f"""
        SELECT * FROM (SELECT no, seen_at, text_of(body, 'eInvoicingStatus') AS e_invoicing_status, {_FACTS}
                         FROM owed_paper)
        QUALIFY row_number() OVER (PARTITION BY account, bill_id ORDER BY no DESC) = 1""",  # noqa: S608 - what is put in is ours
    "reading": """
        SELECT account, key AS bill_id, text_of(body, 'purchase_order') AS purchase_order,
               CAST(text_of(body, 'order_is_read') AS BOOLEAN) AS order_is_read,
               CAST(text_of(body, 'due_on') AS DATE) AS due_on,
               nullif(text_of(body, 'facts.kind'), '') AS kind,
               nullif(text_of(body, 'facts.corrects'), '') AS corrects,
               nullif(text_of(body, 'facts.means'), '') AS payment_means,
               nullif(text_of(body, 'facts.payee'), '') AS payee,
               nullif(text_of(body, 'facts.iban'), '') AS payee_iban,
               nullif(text_of(body, 'facts.bic'), '') AS payee_bic,
               nullif(text_of(body, 'facts.reference'), '') AS payment_reference
          FROM newest WHERE kind = 'reading'""",
    "told_original": f"""
        SELECT account, key AS bill_id, CASE kind {_ORIGINAL} END AS corrects
          FROM told WHERE kind <> 'bill' AND kind IN {_KINDS}
        QUALIFY row_number() OVER (PARTITION BY account, key ORDER BY no DESC) = 1""",  # noqa: S608 - what is put in is ours
    "counted": """
        SELECT account, key AS bill_id, CAST(body AS BIGINT) AS details_count
          FROM newest WHERE kind = 'count'""",
    "stands_for": """
        SELECT account, key AS bill_id, json_extract_string(body, '$') AS mark
          FROM newest WHERE kind = 'papered'""",
}
"""What is said of bills, in columns: `bill` is joined from it slice by slice without the lines."""

QUERIES: Final = {
    "account": """
        SELECT account, text_of(body, 'nichandle') AS nichandle,
               text_of(body, 'organisation') AS organisation, text_of(body, 'ovhSubsidiary') AS subsidiary,
               text_of(body, 'vat') AS vat_id, text_of(body, 'currency.code') AS currency,
               base, a.parent, sub_account_no, gathered_at
          FROM newest
          LEFT JOIN (SELECT account, text_of(body, 'base') AS base,
                            whole_of(body, 'sub_account') AS sub_account_no,
                            nullif(text_of(body, 'parent'), '') AS parent
                       FROM newest WHERE kind = 'access') AS a USING (account)
          LEFT JOIN (SELECT account, CAST(text_of(body, 'at') AS TIMESTAMP) AS gathered_at
                       FROM newest WHERE kind = 'run') USING (account)
         WHERE newest.kind = 'account' ORDER BY account""",
    "sub_account": """
        SELECT account, whole_of(body, 'id') AS sub_account_no,
               text_of(body, 'description') AS description, day_of(body, 'creationDate') AS created_on
          FROM newest WHERE kind = 'sub_account' AND NOT is_gone
         ORDER BY ALL""",
    "bill_version": f"""
        SELECT account, family, bill_id, issued_on, category, order_id, currency, net_minor, tax_minor,
               total_minor,
               row_number() OVER (PARTITION BY account, bill_id ORDER BY no) AS version_no, seen_at
          FROM (SELECT *, lag(content) OVER (PARTITION BY account, bill_id ORDER BY no) AS before
                  FROM (SELECT no, seen_at, {_FACTS}, concat_ws('|', issued_on, order_id, currency, net_minor,
                               tax_minor, total_minor) AS content
                          FROM owed_paper))
         WHERE before IS DISTINCT FROM content
         ORDER BY account, bill_id, version_no""",  # noqa: S608 - what is put in is ours
    "payment_method": """
        SELECT account, whole_of(body, 'paymentMethodId') AS payment_method_id,
               text_of(body, 'paymentType') AS kind, text_of(body, 'paymentSubType') AS subkind,
               coalesce(TRY_CAST(regexp_extract(text_of(body, 'paymentSubType'), '^([0-9]+)_DAYS$', 1) AS
                 BIGINT),
                        TRY_CAST(regexp_extract(text_of(body, 'label'), 'with([0-9]+)days', 1) AS BIGINT))
                          AS term_days,
               CASE WHEN is_gone THEN 'CANCELED'
                    ELSE text_of(body, 'status') END AS status,
               coalesce(TRY_CAST(text_of(body, 'default') AS BOOLEAN), false) AS is_default,
               text_of(body, 'label') AS label
          FROM newest WHERE kind = 'payment_method' ORDER BY ALL""",
    "purchase_order": """
        SELECT account, whole_of(body, 'id') AS purchase_order_id,
               text_of(body, 'reference') AS reference, text_of(body, 'type') AS kind,
               CASE WHEN is_gone THEN 'DELETED'
                    ELSE text_of(body, 'status') END AS status,
               coalesce(TRY_CAST(text_of(body, 'active') AS BOOLEAN), true) AS is_active,
               day_of(body, 'startDate') AS start_on, day_of(body, 'endDate') AS end_on,
               whole_of(body, 'billingGroupId') AS billing_group_id, text_of(body, 'description') AS
                 description
          FROM newest WHERE kind = 'purchase_order' ORDER BY ALL""",
    "service": """
        SELECT account, whole_of(body, 'serviceId') AS service_id,
               text_of(body, 'resource.name') AS name, text_of(body, 'resource.displayName') AS display_name,
               text_of(body, 'billing.plan.code') AS plan,
               coalesce(text_of(body, 'resource.state'), text_of(body, 'billing.lifecycle.current.state'))
                 AS state,
               day_of(body, 'billing.nextBillingDate') AS next_billing_on
          FROM newest WHERE kind = 'service' AND NOT is_gone
         ORDER BY ALL""",
    "debt": """
        WITH owed AS (
            SELECT account, seen_at, whole_of(body, 'debtId') AS debt_id,
                   whole_of(body, 'orderId') AS order_id,
                   day_of(body, 'date') AS opened_on, day_of(body, 'dueDate') AS due_on,
                   text_of(body, 'status') AS status, currency_of(body->'amount') AS currency,
                   minor_of(body->'amount') AS amount_minor, minor_of(body->'dueAmount') AS due_minor,
                   minor_of(body->'todoAmount') AS todo_minor, minor_of(body->'pendingAmount') AS
                     pending_minor,
                   minor_of(body->'unmaturedAmount') AS unmatured_minor,
                   is_gone
              FROM newest WHERE kind = 'debt'),
        billed AS (
            SELECT account, order_id, max_by(bill_id, (family = 'bill', bill_id)) AS bill_id FROM bill_version
             WHERE family <> 'credit_note' GROUP BY account, order_id)
        SELECT account, debt_id, order_id, bill_id, opened_on, due_on,
               CASE WHEN is_gone THEN 'PAID' WHEN status IS NOT NULL THEN status
                    WHEN due_minor = 0 THEN 'PAID'
                    WHEN unmatured_minor > 0 THEN 'UNMATURED' ELSE 'TO_BE_PAID' END AS status,
               currency, amount_minor, if(is_gone, 0, due_minor) AS due_minor, if(is_gone, 0, todo_minor)
                 AS todo_minor,
               if(is_gone, 0, pending_minor) AS pending_minor, if(is_gone, 0, unmatured_minor) AS
                 unmatured_minor, seen_at
          FROM owed LEFT JOIN billed USING (account, order_id)
         ORDER BY account, debt_id""",
    "debt_operation": """
        SELECT account, TRY_CAST(parent AS BIGINT) AS debt_id,
               whole_of(body, 'operationId') AS operation_id, day_of(body, 'date') AS operated_on,
               text_of(body, 'type') AS kind, text_of(body, 'status') AS status,
               currency_of(body->'amount') AS currency, minor_of(body->'amount') AS amount_minor,
               whole_of(body, 'depositOrderId') AS deposit_order_id
          FROM newest WHERE kind = 'operation' ORDER BY ALL""",
    "paper": """
        SELECT account, bill_id, kind, path, sha256, size_bytes, saved_at FROM saved
        QUALIFY row_number() OVER (PARTITION BY path ORDER BY saved_at DESC) = 1 ORDER BY account, path""",
    "bill": """
        WITH versions AS (SELECT account, bill_id, count(*) AS versions_count
                       FROM bill_version WHERE in_slice(bill_id) GROUP BY ALL),
        papers AS (SELECT account, bill_id,
                          arg_max(path, (coalesce(saved.mark = stands_for.mark, false), saved_at))
                          AS path
                     FROM saved LEFT JOIN stands_for USING (account, bill_id)
                    WHERE kind = 'pdf' AND in_slice(bill_id)
                    GROUP BY account, bill_id),
        fitting AS (
            SELECT b.account, bill_id, any_value(reference) AS reference
              FROM newest_bill AS b JOIN purchase_order AS o
                ON o.account = b.account AND o.status <> 'DELETED' AND issued_on >= o.start_on
               AND (o.end_on IS NULL OR issued_on < o.end_on)
             WHERE o.is_active AND in_slice(bill_id)
             GROUP BY b.account, bill_id HAVING count(*) = 1 AND count(billing_group_id) = 0),
        due AS (SELECT account, bill_id, max(due_on) AS due_on FROM debt WHERE in_slice(bill_id)
                 GROUP BY ALL)
        SELECT b.* EXCLUDE (no), counted.details_count, versions.versions_count, papers.path AS paper,
               CASE WHEN r.order_is_read THEN r.purchase_order ELSE fitting.reference END AS purchase_order,
               CASE WHEN r.order_is_read THEN 'read' WHEN fitting.reference IS NOT NULL THEN 'inferred'
                    ELSE 'unknown' END AS purchase_order_source,
               coalesce(r.due_on, due.due_on) AS due_on,
               CASE WHEN r.due_on IS NOT NULL THEN 'read' WHEN due.due_on IS NOT NULL THEN 'inferred'
                    ELSE 'unknown' END AS due_source,
               coalesce(r.kind, if(family = 'credit_note', 'credit-note', NULL)) AS kind,
               CASE WHEN family = 'credit_note' OR advance.bill_id IS NULL
                    THEN coalesce(r.corrects, told_original.corrects)
                    ELSE told_original.corrects END AS corrects,
               r.payment_means,
               r.payee, r.payee_iban, r.payee_bic, r.payment_reference
          FROM newest_bill AS b
          LEFT JOIN reading AS r USING (account, bill_id) LEFT JOIN counted USING (account, bill_id)
          LEFT JOIN told_original USING (account, bill_id)
          LEFT JOIN (SELECT account, bill_id FROM newest_bill WHERE family = 'down_payment') AS advance
            ON advance.account = b.account AND advance.bill_id = r.corrects
          LEFT JOIN versions USING (account, bill_id) LEFT JOIN papers USING (account, bill_id)
          LEFT JOIN fitting USING (account, bill_id) LEFT JOIN due USING (account, bill_id)
         WHERE in_slice(b.bill_id)
         ORDER BY account, issued_on, bill_id""",
    "bill_tax": """
        WITH taxed AS (
            SELECT account, key AS bill_id, unnest(json_extract(body, '$.facts.taxes[*]')) AS body
              FROM newest WHERE kind = 'reading')
        SELECT account, bill_id, text_of(body, 'category') AS category,
               whole_of(body, 'rate_bp') AS rate_bp, whole_of(body, 'net_minor') AS net_minor,
               whole_of(body, 'tax_minor') AS tax_minor
          FROM taxed ORDER BY account, bill_id, rate_bp DESC, category""",
    "bill_detail": f"""
        WITH part AS (
            SELECT account, parent AS bill_id, CAST(key AS BIGINT) AS part,
                   json_extract(body, '$[*]') AS bodies FROM newest
             WHERE kind = 'details'
               AND no BETWEEN getvariable('first_no') AND getvariable('last_no')),
        single AS (
            SELECT account, bill_id, part, unnest(bodies) AS body,
                   generate_subscripts(bodies, 1) AS place FROM part),
        counted AS (
            SELECT account, bill_id, 500 * part + place AS detail_no, body FROM single)
        SELECT account, bill_id, detail_no, {_DETAIL_ID} AS detail_id,
               b.issued_on, text_of(body, 'domain') AS domain, text_of(body, 'description') AS description,
               if(turned.bill_id IS NULL, 1, -1) * quantity_e4_of(body) AS quantity_e4,
               CAST(ucents_of(body->'unitPrice') AS BIGINT) AS unit_price_ucents,
               if(turned.bill_id IS NULL, 1, -1) * minor_of(body->'totalPrice') AS net_minor,
               currency_of(body->'totalPrice') AS currency,
               day_of(body, 'periodStart') AS period_start_on, day_of(body, 'periodEnd') AS period_end_on
          FROM counted JOIN bill AS b USING (account, bill_id) LEFT JOIN turned USING (account, bill_id)
         WHERE detail_no <= b.details_count
         ORDER BY account, b.issued_on, bill_id, detail_no""",  # noqa: S608 - what is put in is ours
    "reverse_bill": f"""
        WITH told_bill AS (
            SELECT account, key AS bill_id, day_of(body, 'date') AS issued_on,
                   whole_of(body, 'orderId') AS order_id, {_AMOUNTS}, seen_at
              FROM (SELECT *, 1 AS sign FROM newest WHERE kind = 'reverse_bill')),
        read AS (
            SELECT account, key AS bill_id, CAST(text_of(body, 'due_on') AS DATE) AS due_on,
                   nullif(text_of(body, 'facts.corrects'), '') AS corrects
              FROM newest WHERE kind = 'reverse_reading'),
        count AS (
            SELECT account, key AS bill_id, CAST(body AS BIGINT) AS details_count
              FROM newest WHERE kind = 'reverse_count'),
        stands AS (
            SELECT account, key AS bill_id, json_extract_string(body, '$') AS mark
              FROM newest WHERE kind = 'reverse_papered'),
        papers AS (
            SELECT account, bill_id,
                   arg_max(path, (coalesce(saved.mark = stands.mark, false), saved_at)) AS path
              FROM saved LEFT JOIN stands USING (account, bill_id) WHERE kind = 'reverse-pdf'
             GROUP BY account, bill_id)
        SELECT b.*, read.due_on, read.corrects, count.details_count, papers.path AS paper
          FROM told_bill AS b LEFT JOIN read USING (account, bill_id) LEFT JOIN count USING (account, bill_id)
          LEFT JOIN papers USING (account, bill_id)
         ORDER BY account, issued_on, bill_id""",  # noqa: S608 - what is put in is ours
    "reverse_bill_detail": """
        WITH part AS (
            SELECT account, parent AS bill_id, CAST(key AS BIGINT) AS part,
                   json_extract(body, '$[*]') AS bodies FROM newest WHERE kind = 'reverse_details'),
        single AS (
            SELECT account, bill_id, 500 * part + generate_subscripts(bodies, 1) AS detail_no,
                   unnest(bodies) AS body FROM part)
        SELECT account, bill_id, detail_no, text_of(body, 'reverseBillDetailId') AS detail_id, b.issued_on,
               text_of(body, 'domain') AS domain, text_of(body, 'description') AS description,
               quantity_e4_of(body) AS quantity_e4,
               CAST(ucents_of(body->'unitPrice') AS BIGINT) AS unit_price_ucents,
               minor_of(body->'totalPrice') AS net_minor, currency_of(body->'totalPrice') AS currency
          FROM single JOIN reverse_bill AS b USING (account, bill_id)
         WHERE detail_no <= b.details_count
         ORDER BY account, b.issued_on, bill_id, detail_no""",
}
"""In this order: a query may read the tables that stand before it."""

SLICES: Final = """
    WITH part AS (
        SELECT no, strlen(body) AS bytes FROM told ANTI JOIN former USING (no) WHERE kind = 'details')
    SELECT min(no), max(no) FROM (
        SELECT no, sum(bytes) OVER (ORDER BY no)
                   // if((SELECT max(bytes) FROM part) < {long}, {most}, {most_of_long}) AS slice
          FROM part)
     GROUP BY slice ORDER BY slice"""
"""The lines of details: all together, or in slices of so many bytes where one of them is long. Taken apart,
JSON needs many times its length, and all lines of a vector at once."""

SORTED: Final = """
CREATE TABLE sorted AS FROM {table} ORDER BY {order};
DROP TABLE {table};
ALTER TABLE sorted RENAME TO {table}"""
ORDERS: Final = {
    "bill": "account, issued_on, bill_id",
    "bill_detail": "account, issued_on, bill_id, detail_no",
}
"""What is made slice by slice is sorted at the end."""
