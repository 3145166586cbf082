"""A seller of so many bills, with everything that pages list: filled by SQL, money and journal in step.

A tenth as many accounts, ten months. Acme is the large customer: a hundred sub-accounts that it pays for, a
hundredth of all bills, five hundred purchase orders, a bill of ten thousand lines. Bills of the first eight
months are paid; of the last two every second one is owed. What waits for staff is a thousandth of the bills,
of each kind.
"""

from typing import Final

import psycopg

from acquit.actions import passwords

ACME: Final = "aa0000001-acq"
PASSWORD: Final = "plum-Quartz-7-lantern"
LONG: Final = 10_000
"""How many lines the long bill has."""
SUBS: Final = 100

FOUNDED: Final = (
    """INSERT INTO legal_entity (legal_entity_id, name, siren, vat_id, street, zip, city, country, currency,
              zone, bill_series_id, credit_series_id, deposit_series_id, iban)
       VALUES ('FR', 'Bench', '732829320', 'FR44732829320', '1 rue', '59000', 'Lille', 'FR', 'EUR',
               'Europe/Paris', 'FR', 'AV', 'RC', 'FR7630006000011234567890189')""",
    """INSERT INTO series (series_id, legal_entity_id, document, prefix, reference_code)
       VALUES ('FR', 'FR', 'bill', 'FR', 'FR'), ('AV', 'FR', 'credit-note', 'AV', 'AV'),
              ('RC', 'FR', 'deposit', 'RC', 'RC')""",
    "INSERT INTO vat_rate (country, from_on, rate_bp) VALUES ('FR', '2014-01-01', 2000)",
    """INSERT INTO ledger_account
       VALUES ('FR', 'receivable', '411000', 'C'), ('FR', 'revenue', '706000', 'P'),
              ('FR', 'vat_collected', '445710', 'T'), ('FR', 'vat_pending', '445740', 'T'),
              ('FR', 'bank', '512000', 'B'), ('FR', 'unapplied', '419100', 'A'),
              ('FR', 'write_off', '654000', 'P'), ('FR', 'credit_balance', '419700', 'A'),
              ('FR', 'credit_given', '709600', 'R'), ('FR', 'deferred', '487000', 'D'),
              ('FR', 'suspense', '471000', 'S')""",
    """INSERT INTO snapshot
       VALUES (sha256('x'), '{"country": "FR", "name": "Bench", "vat_id": "FR44732829320",
              "siren": "732829320",
               "street": "1 rue", "zip": "59000", "city": "Lille", "legal_party_id": 1,
              "language": "fr_FR"}')""",
    """INSERT INTO legal_party (legal_party_id, from_on, name, siren, street, zip, city, country)
       SELECT g, '2020-01-01', CASE g WHEN 0 THEN 'Acme' ELSE 'Company ' || g END, '732829320', '1 rue',
              '75002', 'Paris', 'FR'
         FROM generate_series(0, {accounts}) g""",
    """INSERT INTO account (account_id, legal_entity_id, payer_id, legal_party_id, currency, language,
              support_level)
       SELECT 'bb' || lpad(g::text, 7, '0') || '-acq', 'FR', 'bb' || lpad(g::text, 7, '0') || '-acq', g,
              'EUR',
              'fr_FR', 'business'
         FROM generate_series(1, {accounts}) g""",
    """INSERT INTO account (account_id, legal_entity_id, parent_id, sub_account_no, payer_id, legal_party_id,
              currency, description, support_level, language)
       SELECT 'aa' || lpad(g::text, 7, '0') || '-acq', 'FR', CASE WHEN g > 1 THEN '{acme}' END,
              nullif(g, 1), '{acme}', CASE WHEN g = 1 THEN 0 END, 'EUR', 'Team ' || g, 'business', 'en_GB'
         FROM generate_series(1, {subs} + 1) g""",
    """INSERT INTO identity_user (account_id, login, type, password_hash)
       VALUES ('{acme}', '{acme}', 'ROOT', '{hash}')""",
    """INSERT INTO identity_user (account_id, login, type, password_hash)
       SELECT '{acme}', 'robot-' || g, 'SERVICE', '{hash}' FROM generate_series(1, 150) g""",
    """INSERT INTO operator (operator_id, name, role, password_hash)
       VALUES ('ada', 'Ada Admin', 'administrator', '{hash}')""",
)

BILLED: Final = (
    """CREATE TEMP TABLE planned AS
       SELECT g, 'bb' || lpad((g % {accounts} + 1)::text, 7, '0') || '-acq' AS account_id,
              'bb' || lpad((g % {accounts} + 1)::text, 7, '0') || '-acq' AS payer_id,
              ('2026-01-01'::date + (g / {accounts} || ' months')::interval)::date AS on_
         FROM generate_series(0, {bills} - {ours} - 1) g
        UNION ALL
       SELECT {bills} - {ours} + k,
              'aa' || lpad((CASE WHEN k % 2 = 0 THEN 1 ELSE 2 + k / 2 % {subs} END)::text, 7, '0') || '-acq',
              '{acme}', '2026-01-01'::date + k * 300 / {ours}
         FROM generate_series(0, {ours} - 1) k""",
    """INSERT INTO bill (account_id, bill_id, order_id, kind, legal_entity_id, payer_id, category, issued_on,
              issued_at, term_days, term_method, due_on, currency, net_minor, tax_minor, total_minor,
              purchase_order_account, purchase_order_id, purchase_order_reference, purchase_order_type,
              payment_reference, language, seller_hash, buyer_hash)
       SELECT account_id, 'FR' || lpad((g + 1)::text, 8, '0'), 100000000 + g, 'bill', 'FR', payer_id,
              'autorenew', on_, on_ + g * interval '1 microsecond', 30, 'net', on_ + 30, 'EUR', net, net / 5,
              net + net / 5, CASE WHEN payer_id = '{acme}' THEN payer_id END,
              CASE WHEN payer_id = '{acme}' THEN 1 END,
              CASE WHEN payer_id = '{acme}' THEN 'PO-1' END,
              CASE WHEN payer_id = '{acme}' THEN 'PURCHASE_ORDER' END, 'RF' || g, 'fr_FR', sha256('x'),
              sha256('x')
         FROM planned, LATERAL (SELECT (g % 9000 + 1000) * 10) AS n (net)""",
    """INSERT INTO bill_number (bill_id, series_id, number, account_id, issued_on)
       SELECT bill_id, 'FR', order_id - 99999999, account_id, issued_on FROM bill""",
    "INSERT INTO bill_order SELECT account_id, order_id, bill_id, issued_at FROM bill",
    """INSERT INTO bill_detail (account_id, bill_id, detail_no, service_id, kind, domain, description,
              quantity_e4, unit_price_ucents, net_minor, vat_category, vat_rate_bp, period_start, period_end)
       SELECT account_id, bill_id, k, order_id * 2 + k, 'renewal', 'ns' || order_id || '.example',
              'Dedicated server ADVANCE-' || k || ' | 64 GB', 10000, net_minor / 2 * 1000000,
              net_minor / 2, 'S',
              2000, issued_on, issued_on + 30
         FROM bill, generate_series(1, 2) k""",
    """INSERT INTO bill_detail (account_id, bill_id, detail_no, service_id, kind, domain, description,
              quantity_e4, unit_price_ucents, net_minor, vat_category, vat_rate_bp, period_start, period_end)
       SELECT account_id, bill_id, k, k, 'renewal', 'ns' || k || '.example', 'Dedicated server', 10000, 0, 0,
              'S', 2000, issued_on, issued_on + 30
         FROM bill, generate_series(3, {long}) k WHERE bill_id = '{long_bill}'""",
    "INSERT INTO bill_tax SELECT account_id, bill_id, 'S', 2000, net_minor, tax_minor FROM bill",
    """INSERT INTO debt
       SELECT account_id, order_id, bill_id, payer_id, currency, total_minor, issued_at, due_on FROM bill""",
    """CREATE TEMP TABLE paid AS
       SELECT *, issued_on + 25 AS paid_on FROM bill WHERE issued_on < '2026-09-01' OR order_id % 4 < 2""",
    """INSERT INTO deposit (account_id, deposit_id, legal_entity_id, order_id, received_on, amount_minor,
              currency, means, bank_reference, recorded_at)
       SELECT payer_id, 'RC' || order_id, 'FR', order_id, paid_on, total_minor, 'EUR', 'transfer',
              'B' || order_id,
              paid_on
         FROM paid""",
    """INSERT INTO debt_operation (account_id, debt_id, operation_id, kind, means, amount_minor,
              deposit_payer,
              deposit_id, occurred_on, recorded_at)
       SELECT account_id, order_id, order_id, 'payment', 'transfer', total_minor, payer_id, 'RC' || order_id,
              paid_on, paid_on
         FROM paid""",
    """CREATE TEMP TABLE told AS
       SELECT account_id, row_number() OVER (PARTITION BY account_id ORDER BY on_, place) AS entry_no, kind,
              on_, reference, total
         FROM (SELECT account_id, 'bill' AS kind, issued_on AS on_, bill_id AS reference, 1 AS place,
                      total_minor AS total FROM bill
                UNION ALL
               SELECT payer_id, 'deposit', paid_on, 'RC' || order_id, 2, total_minor FROM paid
                UNION ALL
               SELECT account_id, 'settlement', paid_on, bill_id || '/' || order_id, 3,
              total_minor FROM paid)
              every""",
    """INSERT INTO entry
       SELECT account_id, entry_no, kind, on_, reference, sha256('x'), sha256(convert_to(reference, 'UTF8')),
              on_
         FROM told""",
    """INSERT INTO posting
       SELECT account_id, entry_no, place, ledger,
              CASE part WHEN 0 THEN total ELSE total * part / 6 END * sign, 'EUR'
         FROM told
         JOIN (VALUES ('bill', 1, '411000', 0, 1), ('bill', 2, '706000', 5, -1), ('bill', 3, '445740',
              1, -1),
                      ('deposit', 1, '512000', 0, 1), ('deposit', 2, '419100', 0, -1),
                      ('settlement', 1, '419100', 0, 1), ('settlement', 2, '411000', 0, -1),
                      ('settlement', 3, '445740', 1, 1), ('settlement', 4, '445710', 1, -1))
           AS posted (kind, place, ledger, part, sign) USING (kind)""",
)

KEPT: Final = (
    """INSERT INTO open_debt (account_id, debt_id, bill_id, payer_id, currency, due_on, open_minor)
       SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency, d.due_on,
              d.amount_minor + coalesce(o.effect_minor, 0)
         FROM debt d
         LEFT JOIN (SELECT account_id, debt_id, sum(effect_minor) AS effect_minor
                      FROM debt_operation
                     GROUP BY account_id, debt_id) o ON o.account_id = d.account_id AND o.debt_id = d.debt_id
        WHERE d.amount_minor + coalesce(o.effect_minor, 0) <> 0""",
    """INSERT INTO open_deposit (account_id, deposit_id, currency, left_minor)
       SELECT d.account_id, d.deposit_id, d.currency, d.amount_minor + coalesce(o.effect_minor, 0)
         FROM deposit d
         LEFT JOIN (SELECT deposit_payer, deposit_id, sum(effect_minor) AS effect_minor
                      FROM debt_operation
                     WHERE deposit_id IS NOT NULL AND kind <> 'returned'
                     GROUP BY deposit_payer, deposit_id) o
           ON o.deposit_payer = d.account_id AND o.deposit_id = d.deposit_id
        WHERE d.amount_minor + coalesce(o.effect_minor, 0) <> 0""",
    """INSERT INTO in_hand (account_id, payer_id, currency, amount_minor)
       SELECT p.account_id, coalesce(d.payer_id, p.account_id), p.currency, sum(p.amount_minor)
         FROM posting p
         JOIN account a ON a.account_id = p.account_id
         JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = p.ledger
                              AND l.role IN ('unapplied', 'credit_balance')
         JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
         LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id
                         AND n.bill_id = e.reference
         LEFT JOIN debt d ON d.account_id = e.account_id
                         AND d.bill_id = CASE e.kind WHEN 'bill' THEN e.reference
                                                     WHEN 'credit-note' THEN n.corrects_bill_id
                                                     ELSE regexp_replace(e.reference, '/[^/]*$', '') END
        GROUP BY 1, 2, 3""",
)
"""What triggers keep, had they not been put aside."""

OURS: Final = (
    """INSERT INTO service (account_id, service_id, resource_name, display_name, route, catalogue_id,
              plan_code,
              description, unit_price_ucents, currency, renewal_months, anniversary_day, started_on,
              next_renewal_on)
       SELECT '{acme}', g, 'ns' || g || '.example', 'server ' || g, '/dedicated/server/{{serviceName}}', 1,
              'adv-1', 'Dedicated server ADVANCE-1 | 64 GB', 4544000000, 'EUR', 1, 1, '2026-01-01',
              '2026-12-01'
         FROM generate_series(1, greatest({bills} / 20, 300)) g""",
    """INSERT INTO service (account_id, service_id, resource_name, display_name, route, catalogue_id,
              plan_code,
              description, unit_price_ucents, currency, renewal_months, anniversary_day, started_on,
              next_renewal_on)
       SELECT 'bb' || lpad(g::text, 7, '0') || '-acq', 10000000 + g, 'vps' || g || '.example', 'vps ' || g,
              '/vps/{{serviceName}}', 1, 'vps-1', 'VPS', 544000000, 'EUR', 1, 1, '2026-01-01', '2026-12-01'
         FROM generate_series(1, {accounts}) g""",
    """INSERT INTO purchase_order (account_id, purchase_order_id, reference, kind, start_on, end_on,
              is_family,
              amount_max_minor, currency, created_by)
       SELECT '{acme}', g, 'PO-' || g, 'blanket', '2026-01-01'::date - 4 * (g - 1),
              CASE WHEN g = 1 THEN '2027-01-01'::date ELSE '2026-01-01'::date - 4 * (g - 2) END, true, 1e12,
              'EUR', 'cli'
         FROM generate_series(1, 500) g""",
    """INSERT INTO purchase_order_member
       SELECT '{acme}', p.purchase_order_id, a.account_id
         FROM account a, purchase_order p WHERE a.payer_id = '{acme}' AND p.account_id = '{acme}'""",
    """INSERT INTO purchase_order_draw
       SELECT '{acme}', 1, account_id, bill_id, net_minor, issued_on FROM bill WHERE payer_id = '{acme}'""",
    """INSERT INTO request (account_id, kind, asked, state, asked_by, decided_by, decided_at)
       SELECT '{acme}', 'term', {term}, 'refused', 'account:{acme}', 'operator:ada', '2026-05-01'
         FROM generate_series(1, 300)""",
    """INSERT INTO bundle (account_id, bundle_id, reference, currency, amount_minor, credit_minor,
              made_on, made_by)
       SELECT '{acme}', g, 'RFB' || g, 'EUR', 100, 0, '2026-10-01', 'account:{acme}'
         FROM generate_series(1, 500) g""",
    """INSERT INTO bundle_part
       SELECT '{acme}', g, d.account_id, d.debt_id, d.bill_id, d.amount_minor
         FROM generate_series(1, 500) g,
              (SELECT * FROM debt WHERE payer_id = '{acme}' ORDER BY due_on DESC LIMIT 20) d""",
    """INSERT INTO credit_movement (account_id, movement_id, balance, type, currency, amount_minor, lot_id,
              occurred_on, recorded_by)
       SELECT '{acme}', g, 'PREPAID', 'PREPAID_ACCOUNT', 'EUR', 100, g, '2026-05-01', 'cli'
         FROM generate_series(1, 2000) g""",
    """INSERT INTO application (application_id, application_key, secret_sealed, account_id, name)
       SELECT g, 'key' || g, '', '{acme}', 'Program ' || g FROM generate_series(1, 150) g""",
    """INSERT INTO credential (application_id, account_id, login, key_hash, status, rules)
       SELECT g % 150 + 1, '{acme}', '{acme}', sha256(convert_to('c' || g, 'UTF8')), 'validated',
              '[{{"method": "GET", "path": "/me/*"}}]'
         FROM generate_series(1, 1000) g""",
    """INSERT INTO identity_token (account_id, login, name, description, credential_id)
       SELECT '{acme}', 'robot-' || g % 3 + 1, 'token-' || g, '', c.credential_id
         FROM generate_series(1, 300) g JOIN credential c ON c.key_hash = sha256(convert_to('c' || g,
              'UTF8'))""",
    """INSERT INTO usage_rating (account_id, service_id, meter, period, rating_no, up_to_no, events,
              quantity_e4, currency, net_minor, charged_minor, price_from_on, lines, charges)
       SELECT '{acme}', s, 'traffic', '2026-01-01'::date + (m || ' months')::interval, 1, 1, 10, 10000,
              'EUR',
              100, 100, '2020-01-01', '[]', '[]'
         FROM generate_series(1, 300) s, generate_series(0, 9) m""",
    """INSERT INTO meter
       VALUES ('FR', 'traffic', '2020-01-01', 'E34', 'sum', 'period', 'Trafic', 'Traffic', 'cli')""",
    """INSERT INTO terms_grant (account_id, days, method, currency, from_on, usage_days, granted_by)
       VALUES ('{acme}', 45, 'net', 'EUR', '2026-01-01', 30, 'operator:sue')""",
    """INSERT INTO promise (account_id, currency, amount_minor, promised_on, due_on, recorded_by)
       SELECT '{acme}', 'EUR', 100, '2026-10-01', '2026-10-10', 'cli' FROM generate_series(1, 200)""",
)

WAITING: Final = (
    """CREATE TEMP TABLE chosen AS
       SELECT row_number() OVER () AS n, b.*
         FROM (SELECT * FROM bill WHERE order_id % 4 >= 2 AND issued_on >= '2026-09-01' AND payer_id <>
              '{acme}'
                LIMIT {bills} / 1000 + 100) b""",
    """INSERT INTO request (account_id, kind, asked, asked_by, asked_at)
       SELECT account_id, 'term', {term}, 'account:' || account_id, '2026-10-01' FROM chosen""",
    """INSERT INTO request (account_id, kind, asked, state, asked_by, decided_by, decided_at)
       SELECT account_id, 'term', {term}, 'refused', 'account:' || account_id, 'operator:ada',
              '2026-03-01'::timestamptz + order_id % 900000 * interval '1 second'
         FROM bill WHERE order_id % 100 = 0""",
    """INSERT INTO dispute (account_id, bill_id, amount_minor, reason, opened_by, deadline_on)
       SELECT account_id, bill_id, 100, 'Not ordered', 'account:' || account_id, '2026-11-10' FROM chosen""",
    """INSERT INTO dispute (account_id, bill_id, amount_minor, reason, opened_by, deadline_on, state,
              closed_by,
              closed_at, outcome)
       SELECT account_id, bill_id, 100, 'Not ordered', 'account:' || account_id, '2026-05-10', 'rejected',
              'operator:ada', '2026-05-05', 'It was ordered'
         FROM bill WHERE order_id % 100 = 1""",
    """INSERT INTO terms_grant (account_id, days, method, currency, from_on, usage_days, granted_by,
              needs_approval)
       SELECT account_id, 45, 'net', 'EUR', '2026-12-01', 30, 'operator:sue', true FROM chosen""",
    """INSERT INTO write_off (account_id, debt_id, amount_minor, reason, asked_on, asked_by)
       SELECT account_id, order_id, 100, 'Gone', '2026-11-01', 'operator:sue' FROM chosen""",
    """INSERT INTO refund (account_id, deposit_id, currency, amount_minor, cause, reason, asked_on, asked_by)
       SELECT payer_id, 'RC' || order_id, 'EUR', 100, 'refund', 'Paid twice', '2026-11-01', 'operator:sue'
         FROM paid LIMIT {bills} / 1000 + 100""",
    """INSERT INTO bank_account VALUES ('FR7630006000011234567890189', 'FR', 'Main', 'cli')""",
    """INSERT INTO bank_statement (legal_entity_id, statement_id, iban, form, external_id, number, from_on,
              until_on, currency, told, again, moved_minor, sha256)
       SELECT 'FR', g, 'FR7630006000011234567890189', 'camt.053', 'S' || g, g::text, '2026-11-01',
              '2026-11-01',
              'EUR', 200, 0, 100, 'x'
         FROM generate_series(0, {bills} / 2000) g""",
    """INSERT INTO bank_entry
       SELECT 'FR', g, g / 200, '1', 'credit', 1000 + g % 5000, 'EUR', '2026-10-01'::date + g % 30,
              '2026-10-01', 'B' || g,
              '', '', '', '', 'Company ' || g, 'FR76' || g, '', 'FR7630006000011234567890189', '{{}}',
              'Payment of ' || g, '', false, '', '', 0, NULL, ''
         FROM generate_series(1, {bills} / 10) g""",
    "INSERT INTO bank_inbox SELECT 'FR', entry_id, booked_on FROM bank_entry WHERE entry_id % 20 = 0",
    """INSERT INTO bank_proposal
       SELECT 'FR', i.entry_id, r, 4, 90 - r, 'The amount fits', jsonb_build_object('payer', b.account_id,
              'paid', jsonb_build_array(jsonb_build_array(b.account_id, b.order_id, b.bill_id,
              b.payer_id, 100,
              0)), 'credit_minor', 0, 'over_minor', 0)
         FROM (SELECT *, row_number() OVER () AS n FROM bank_inbox) i, generate_series(1, 3) r
         JOIN LATERAL (SELECT * FROM chosen WHERE chosen.n = r) b ON true""",
    """INSERT INTO bank_decision (legal_entity_id, kind, entry_id, amount_minor, asked, asked_by)
       SELECT 'FR', 'match', entry_id, amount_minor, '{{}}', 'operator:sue'
         FROM bank_entry WHERE entry_id % 100 = 0""",
    """INSERT INTO bank_decision_end (legal_entity_id, decision_no, is_approved, ended_by)
       SELECT 'FR', decision_no, false, 'operator:ada' FROM bank_decision WHERE decision_no % 10 > 0""",
    """INSERT INTO bill_run (run_id, legal_entity_id, period, status, closed_at)
       SELECT m, 'FR', '2026-' || lpad(m::text, 2, '0'), CASE WHEN m < 10 THEN 'closed' ELSE 'open' END,
              CASE WHEN m < 10 THEN now() END
         FROM generate_series(1, 10) m""",
    """INSERT INTO bill_run_page (run_id, page_no, payer_first, payer_last, run_on, bills, details, currency,
              net_minor, tax_minor, total_minor, chain_head)
       SELECT m, p, 'a', 'b', '2026-10-01', 1000, 2000, 'EUR', 1000000, 200000, 1200000, ''
         FROM generate_series(1, 10) m, generate_series(1, {bills} / 10000) p""",
    """INSERT INTO parked_account (run_id, account_id, problems)
       SELECT DISTINCT ON (account_id) 10, account_id,
              '[{{"code": "no-address", "where": "buyer.street",
              "message": "The buyer has no street."}}]'::jsonb
         FROM chosen""",
    """INSERT INTO held_bill (account_id, run_id, amount_minor, currency, reason, held_on, until_on)
       SELECT DISTINCT ON (account_id) account_id, 10, 100, 'EUR', 'missing', '2026-10-01'::date,
              '2026-12-01'::date
         FROM chosen""",
    """INSERT INTO remittance (legal_entity_id, remittance_id, kind, message_id, currency, lines,
              amount_minor,
              sha256, size_bytes, made_on, made_by)
       SELECT 'FR', g, 'direct-debit', 'FR-DD-' || g, 'EUR', 5000, 5000, repeat('0', 64), 100, '2026-11-01',
              'operator:sue'
         FROM generate_series(1, 150) g""",
    """INSERT INTO collection (account_id, collection_id, legal_entity_id, remittance_id, line_no, batch_id,
              end_to_end, mandate_id, sequence, requested_on, currency, amount_minor)
       SELECT '{acme}', g, 'FR', 150, g, 'B1', 'E' || g, 1, 'RCUR', '2026-11-10', 'EUR', 100
         FROM generate_series(1, 5000) g""",
    """INSERT INTO mandate (account_id, mandate_id, legal_entity_id, reference, creditor_id, scheme,
              use, iban,
              debtor_name, town, country, signed_on, payment_method_id, registered_by)
       VALUES ('{acme}', 1, 'FR', 'M1', 'FR72ZZZ123456', 'CORE', 'recurrent', 'FR7630006000011234567890189',
               'Acme', 'Paris', 'FR', '2026-01-01', 1, 'cli')""",
    """INSERT INTO payment_method (account_id, payment_method_id, payment_type, status, is_default)
       VALUES ('{acme}', 1, 'BANK_ACCOUNT', 'VALID', true)""",
    """INSERT INTO dunning_step (account_id, step_id, legal_entity_id, kind, code, happened_on)
       SELECT payer_id, order_id, 'FR', 'reminder', 'reminder-1', due_on + 5
         FROM bill WHERE order_id % 20 = 1 OR (payer_id = '{acme}' AND order_id % 5 = 1)""",
    """INSERT INTO dunning_step_debt
       SELECT s.account_id, s.step_id, b.account_id, b.order_id, 'reminder', 'reminder-1', 5, 5,
              b.total_minor, b.total_minor
         FROM dunning_step s JOIN bill b ON b.order_id = s.step_id""",
    """INSERT INTO dunning_effect (account_id, step_id, effect, told, happened_on)
       SELECT account_id, step_id, 'sent', '', happened_on FROM dunning_step""",
    """INSERT INTO delivery (account_id, legal_entity_id, channel, bill_id, event, form)
       SELECT account_id, 'FR', 'email', bill_id, 'bill', 'pdf' FROM bill""",
    """INSERT INTO delivery_attempt (account_id, delivery_id, attempt_no, outcome)
       SELECT account_id, delivery_id, 1,
              CASE WHEN delivery_id % 1000 = 0 THEN 'refused' WHEN delivery_id % 1000 = 1 THEN 'delayed'
              ELSE 'sent' END
         FROM delivery""",
    """INSERT INTO delivery_waiting (account_id, delivery_id, channel)
       SELECT account_id, delivery_id, channel FROM delivery WHERE delivery_id % 1000 = 1""",
    """INSERT INTO act (actor, verb, account_id, subject)
       SELECT CASE WHEN order_id % 3 = 0 THEN 'operator:ada' ELSE 'account:' || account_id END, 'read_bill',
              account_id, bill_id
         FROM bill""",
    """INSERT INTO run_request (legal_entity_id, period, is_rehearsal, asked_by, state, outcome, ended_at)
       SELECT 'FR', '2026-10', true, 'operator:ada', 'done', '{{"reports": [], "comparison": null}}',
              now() FROM generate_series(1, 300)""",
    """INSERT INTO payer_iban (legal_entity_id, iban, account_id, learned_by)
       SELECT 'FR', 'FR76' || lpad(right(account_id, 14), 20, '0'), account_id,
              'cli' FROM account LIMIT {accounts}""",
    "ANALYZE",
    "VACUUM",
)

TERM: Final = (
    """'{"days": 45, "method": "net", "credit_limit_minor": null, "from_on": null, "usage_choice": null,"""
    """ "override_reason": ""}'::jsonb"""
)


def fill(url: str, bills: int) -> None:
    """Write the world into an empty database."""
    ours = max(bills // 100, 200)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in (*FOUNDED, *BILLED, *KEPT, *OURS, *WAITING):
            text = statement
            for name, value in {
                "accounts": max(bills // 10, 1_000), "bills": bills, "ours": ours, "subs": SUBS,
              "acme": ACME,
                "hash": passwords.hashed(PASSWORD), "long": LONG, "long_bill": f"FR{bills:08d}",
              "term": TERM,
            }.items():  # fmt: skip
                text = text.replace(f"{{{name}}}", str(value))
            connection.execute(text.replace("{{", "{").replace("}}", "}").encode())
