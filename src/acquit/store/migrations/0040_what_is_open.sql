-- What is open is kept as it is written: debts, money that settles nothing yet, and what payers have in hand in the journal.

CREATE TABLE open_debt (
    account_id  text COLLATE "C" NOT NULL,
    debt_id     bigint NOT NULL,
    bill_id     text COLLATE "C" NOT NULL,
    payer_id    text COLLATE "C" NOT NULL,
    currency    text NOT NULL,
    due_on      date NOT NULL,
    open_minor  bigint NOT NULL,
    PRIMARY KEY (account_id, debt_id)
);
CREATE INDEX open_debt_payer ON open_debt (payer_id, due_on);
COMMENT ON TABLE open_debt IS 'debts on which something is open, and how much: triggers follow debts and operations; the audit compares';

CREATE FUNCTION open_new_debts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_debt (account_id, debt_id, bill_id, payer_id, currency, due_on, open_minor)
    SELECT account_id, debt_id, bill_id, payer_id, currency, due_on, amount_minor FROM fresh;
    RETURN NULL;
END $$;

CREATE TRIGGER debt_opened AFTER INSERT ON debt
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION open_new_debts();

CREATE TABLE open_deposit (
    account_id  text COLLATE "C" NOT NULL,
    deposit_id  text COLLATE "C" NOT NULL,
    currency    text NOT NULL,
    left_minor  bigint NOT NULL,
    PRIMARY KEY (account_id, deposit_id)
);
COMMENT ON TABLE open_deposit IS 'deposits that operations on debts did not use up, and what they left: triggers follow deposits and operations; the audit compares';

CREATE FUNCTION open_new_deposits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_deposit (account_id, deposit_id, currency, left_minor)
    SELECT account_id, deposit_id, currency, amount_minor FROM fresh;
    RETURN NULL;
END $$;

CREATE TRIGGER deposit_opened AFTER INSERT ON deposit
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION open_new_deposits();

CREATE FUNCTION count_operations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH moved AS MATERIALIZED (
         SELECT account_id, debt_id, sum(effect_minor) AS effect_minor FROM fresh GROUP BY account_id, debt_id
         ), closed AS (
         DELETE FROM open_debt o USING moved m
          WHERE o.account_id = m.account_id AND o.debt_id = m.debt_id AND o.open_minor + m.effect_minor = 0
         RETURNING o.account_id, o.debt_id)
    INSERT INTO open_debt AS o (account_id, debt_id, bill_id, payer_id, currency, due_on, open_minor)
    SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency, d.due_on, m.effect_minor
      FROM moved m
      JOIN debt d ON d.account_id = m.account_id AND d.debt_id = m.debt_id
     WHERE m.effect_minor <> 0
       AND NOT EXISTS (SELECT FROM closed c WHERE c.account_id = m.account_id AND c.debt_id = m.debt_id)
        ON CONFLICT (account_id, debt_id) DO UPDATE SET open_minor = o.open_minor + excluded.open_minor;

    WITH moved AS MATERIALIZED (
         SELECT deposit_payer AS account_id, deposit_id, sum(effect_minor) AS effect_minor
           FROM fresh
          WHERE deposit_id IS NOT NULL AND kind <> 'returned'
          GROUP BY deposit_payer, deposit_id
         ), closed AS (
         DELETE FROM open_deposit o USING moved m
          WHERE o.account_id = m.account_id AND o.deposit_id = m.deposit_id
            AND o.left_minor + m.effect_minor = 0
         RETURNING o.account_id, o.deposit_id)
    INSERT INTO open_deposit AS o (account_id, deposit_id, currency, left_minor)
    SELECT d.account_id, d.deposit_id, d.currency, m.effect_minor
      FROM moved m
      JOIN deposit d ON d.account_id = m.account_id AND d.deposit_id = m.deposit_id
     WHERE m.effect_minor <> 0
       AND NOT EXISTS (SELECT FROM closed c
                        WHERE c.account_id = m.account_id AND c.deposit_id = m.deposit_id)
        ON CONFLICT (account_id, deposit_id) DO UPDATE SET left_minor = o.left_minor + excluded.left_minor;
    RETURN NULL;
END $$;

CREATE TRIGGER debt_operation_counted AFTER INSERT ON debt_operation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_operations();

CREATE TABLE in_hand (
    account_id    text COLLATE "C" NOT NULL,
    payer_id      text COLLATE "C" NOT NULL,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL,
    PRIMARY KEY (account_id, payer_id, currency)
);
CREATE INDEX in_hand_payer ON in_hand (payer_id);
COMMENT ON TABLE in_hand IS 'what entries of an account posted on unapplied money and credit balance, by whose it is: the payer of the bill that an entry names, else the account; a trigger follows postings, the audit compares';

CREATE FUNCTION count_in_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO in_hand AS o (account_id, payer_id, currency, amount_minor)
    SELECT f.account_id, coalesce(d.payer_id, f.account_id), f.currency, sum(f.amount_minor)
      FROM fresh f
      JOIN account a ON a.account_id = f.account_id
      JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = f.ledger
                           AND l.role IN ('unapplied', 'credit_balance')
      JOIN entry e ON e.account_id = f.account_id AND e.entry_no = f.entry_no
      LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id AND n.bill_id = e.reference
      LEFT JOIN debt d ON d.account_id = e.account_id
                      AND d.bill_id = CASE e.kind WHEN 'bill' THEN e.reference
                                                  WHEN 'credit-note' THEN n.corrects_bill_id
                                                  ELSE regexp_replace(e.reference, '/[^/]*$', '') END
     GROUP BY 1, 2, 3
     ORDER BY 1, 2, 3
        ON CONFLICT (account_id, payer_id, currency)
        DO UPDATE SET amount_minor = o.amount_minor + excluded.amount_minor;
    RETURN NULL;
END $$;

CREATE TRIGGER posting_in_hand AFTER INSERT ON posting
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_in_hand();

CREATE OR REPLACE VIEW money_waiting AS
    SELECT d.account_id, d.currency,
           d.left_minor - coalesce(c.credit_minor, 0) - coalesce(r.refund_minor, 0)
             - coalesce(w.withdrawn_minor, 0) AS amount_minor
      FROM open_deposit d
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS credit_minor
             FROM credit_movement
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id) c ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS refund_minor
             FROM refund_state
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id
              AND state NOT IN ('refused', 'failed')) r ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS withdrawn_minor
             FROM bank_move
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id AND kind = 'withdrawn') w ON true
     UNION ALL
    SELECT account_id, currency, amount_minor
      FROM credit_movement
     WHERE type IN ('PREPAID_ACCOUNT', 'DEPOSIT')
     UNION ALL
    SELECT p.body ->> 'payer', e.currency, e.amount_minor
      FROM bank_inbox i
      JOIN bank_entry e ON e.legal_entity_id = i.legal_entity_id AND e.entry_id = i.entry_id
                       AND e.direction = 'credit'
      JOIN bank_proposal p ON p.legal_entity_id = i.legal_entity_id AND p.entry_id = i.entry_id AND p.rank = 1;

CREATE INDEX entry_booked ON entry (account_id, booked_on);
CREATE INDEX debt_operation_recorded ON debt_operation (account_id, recorded_at);
CREATE INDEX sent_mail_sent ON sent_mail (account_id, sent_at);

INSERT INTO open_debt (account_id, debt_id, bill_id, payer_id, currency, due_on, open_minor)
SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency, d.due_on,
       d.amount_minor + coalesce(o.effect_minor, 0)
  FROM debt d
  LEFT JOIN (SELECT account_id, debt_id, sum(effect_minor) AS effect_minor
               FROM debt_operation
              GROUP BY account_id, debt_id) o ON o.account_id = d.account_id AND o.debt_id = d.debt_id
 WHERE d.amount_minor + coalesce(o.effect_minor, 0) <> 0;

INSERT INTO open_deposit (account_id, deposit_id, currency, left_minor)
SELECT d.account_id, d.deposit_id, d.currency, d.amount_minor + coalesce(o.effect_minor, 0)
  FROM deposit d
  LEFT JOIN (SELECT deposit_payer, deposit_id, sum(effect_minor) AS effect_minor
               FROM debt_operation
              WHERE deposit_id IS NOT NULL AND kind <> 'returned'
              GROUP BY deposit_payer, deposit_id) o
    ON o.deposit_payer = d.account_id AND o.deposit_id = d.deposit_id
 WHERE d.amount_minor + coalesce(o.effect_minor, 0) <> 0;

INSERT INTO in_hand (account_id, payer_id, currency, amount_minor)
SELECT p.account_id, coalesce(d.payer_id, p.account_id), p.currency, sum(p.amount_minor)
  FROM posting p
  JOIN account a ON a.account_id = p.account_id
  JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = p.ledger
                       AND l.role IN ('unapplied', 'credit_balance')
  JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
  LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id AND n.bill_id = e.reference
  LEFT JOIN debt d ON d.account_id = e.account_id
                  AND d.bill_id = CASE e.kind WHEN 'bill' THEN e.reference
                                              WHEN 'credit-note' THEN n.corrects_bill_id
                                              ELSE regexp_replace(e.reference, '/[^/]*$', '') END
 GROUP BY 1, 2, 3;
