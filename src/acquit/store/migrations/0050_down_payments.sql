-- Down payments: asked for with VAT before a supply, deducted by the bills of it.

ALTER TABLE series DROP CONSTRAINT series_document_check;
ALTER TABLE series ADD CONSTRAINT series_document_check CHECK (document IN ('bill', 'credit-note', 'deposit', 'claim', 'reverse-bill', 'down-payment'));

ALTER TABLE bill DROP CONSTRAINT bill_kind_check;
ALTER TABLE bill ADD CONSTRAINT bill_kind_check CHECK (kind IN ('bill', 'credit-note', 'corrective', 'claim', 'down-payment'));
ALTER TABLE bill DROP CONSTRAINT bill_check1;
ALTER TABLE bill ADD CONSTRAINT bill_check1 CHECK ((kind IN ('bill', 'claim', 'down-payment')) = (corrects_bill_id IS NULL));
COMMENT ON TABLE bill IS 'fact: an issued bill, credit note (amounts positive, the kind gives the direction), corrective bill, claim of late interest and recovery fees, or down payment for a supply to come';

ALTER TABLE debt DROP CONSTRAINT debt_amount_minor_check;
ALTER TABLE debt ADD CONSTRAINT debt_amount_minor_check CHECK (amount_minor >= 0);

CREATE OR REPLACE FUNCTION open_new_debts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_debt (account_id, debt_id, bill_id, payer_id, currency, due_on, open_minor)
    SELECT account_id, debt_id, bill_id, payer_id, currency, due_on, amount_minor FROM fresh WHERE amount_minor > 0;
    RETURN NULL;
END $$;

INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT l.legal_entity_id, 'down_payment', '419110', 'Clients - acomptes facturés sur commandes'
  FROM ledger_account l
 WHERE l.role = 'receivable' AND l.number LIKE '411%'
   AND NOT EXISTS (SELECT FROM ledger_account o
                    WHERE o.legal_entity_id = l.legal_entity_id AND o.number = '419110')
    ON CONFLICT DO NOTHING;

CREATE TABLE down_payment (
    account_id      text COLLATE "C" NOT NULL,
    bill_id         text COLLATE "C" NOT NULL,
    for_order_id    bigint,
    for_service_id  bigint,
    CHECK (num_nonnulls(for_order_id, for_service_id) <= 1),
    PRIMARY KEY (account_id, bill_id)
);
CREATE INDEX down_payment_order ON down_payment (account_id, for_order_id) WHERE for_order_id IS NOT NULL;
COMMENT ON TABLE down_payment IS 'fact: what a bill of kind down-payment was asked for: an order, a service or, neither, whatever the account is billed';

CREATE TABLE down_payment_use (
    account_id     text COLLATE "C" NOT NULL,
    bill_id        text COLLATE "C" NOT NULL,
    use_no         integer NOT NULL CHECK (use_no > 0),
    kind           text NOT NULL CHECK (kind IN ('deducted', 'returned', 'credited')),
    by_account_id  text COLLATE "C" NOT NULL,
    by_bill_id     text COLLATE "C" NOT NULL,
    net_minor      bigint NOT NULL,
    CHECK ((kind = 'returned') = (net_minor < 0) AND net_minor <> 0),
    PRIMARY KEY (account_id, bill_id, use_no)
);
CREATE INDEX down_payment_use_by ON down_payment_use (by_account_id, by_bill_id);
COMMENT ON TABLE down_payment_use IS 'fact: so much of a down payment, net, a bill deducted, came back with the credit note of that bill, or was taken back by a credit note of its own';

CREATE FUNCTION refuse_overused_down_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT u.account_id, u.bill_id, sum(u.net_minor) AS used_minor, min(b.net_minor) AS net_minor INTO broken
      FROM down_payment_use u
      LEFT JOIN bill b ON b.account_id = u.account_id AND b.bill_id = u.bill_id AND b.kind = 'down-payment'
     WHERE (u.account_id, u.bill_id) IN (SELECT account_id, bill_id FROM fresh)
     GROUP BY u.account_id, u.bill_id
    HAVING sum(u.net_minor) NOT BETWEEN 0 AND coalesce(min(b.net_minor), -1)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'of down payment % of account % would be used %, it is of %', broken.bill_id, broken.account_id, broken.used_minor, broken.net_minor
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER down_payment_used AFTER INSERT ON down_payment_use
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_overused_down_payment();
