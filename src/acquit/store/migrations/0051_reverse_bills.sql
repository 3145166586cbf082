-- Reverse bills: what an account supplies, billed in its name by the legal entity that buys.

INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT l.legal_entity_id, n.role, n.number, n.name
  FROM ledger_account l
 CROSS JOIN (VALUES ('bought_services', '622200', 'Commissions et courtages sur ventes'),
                    ('supplier', '401000', 'Fournisseurs'),
                    ('vat_deductible', '445660', 'TVA déductible sur autres biens et services'),
                    ('vat_deductible_pending', '445640', 'TVA déductible en attente de paiement'),
                    ('vat_self_assessed', '445200', 'TVA due intracommunautaire'),
                    ('vat_self_deducted', '445662', 'TVA déductible intracommunautaire'))
       AS n(role, number, name)
 WHERE l.role = 'receivable' AND l.number LIKE '411%'
   AND NOT EXISTS (SELECT FROM ledger_account o
                    WHERE o.legal_entity_id = l.legal_entity_id AND o.number = n.number)
    ON CONFLICT DO NOTHING;

ALTER TABLE series DROP CONSTRAINT series_document_check;
ALTER TABLE series ADD CONSTRAINT series_document_check CHECK (document IN ('bill', 'credit-note', 'deposit', 'claim', 'reverse-bill', 'down-payment'));
ALTER TABLE debt_operation DROP CONSTRAINT debt_operation_means_check;
ALTER TABLE debt_operation ADD CONSTRAINT debt_operation_means_check CHECK (means IN ('transfer', 'direct-debit', 'card', 'credit-note', 'credit-balance', 'loss', 'set-off'));

-- ---------------------------------------------------------------- reverse bills

CREATE SEQUENCE self_billing_supplier_no MAXVALUE 99999;
CREATE TABLE self_billing_supplier (
    account_id       text COLLATE "C" PRIMARY KEY REFERENCES account,
    series_id        text COLLATE "C" NOT NULL UNIQUE REFERENCES series
);
COMMENT ON TABLE self_billing_supplier IS 'fact: the series of numbers in which the bills that are made in an account''s name are counted, its own';

CREATE TABLE self_billing_agreement (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    agreement_no     integer NOT NULL CHECK (agreement_no >= 1),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    subject          text NOT NULL CHECK (subject <> ''),
    reference        text NOT NULL CHECK (reference <> ''),
    regime           text NOT NULL CHECK (regime IN ('standard', 'small-exempt', 'reverse-charge')),
    on_debits        boolean NOT NULL,
    contest_days     integer NOT NULL CHECK (contest_days BETWEEN 1 AND 60),
    term_days        integer NOT NULL CHECK (term_days BETWEEN 0 AND 60),
    sets_off         boolean NOT NULL,
    from_on          date NOT NULL,
    until_on         date CHECK (until_on >= from_on),
    offered_on       date NOT NULL,
    offered_by       text NOT NULL,
    offered_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, agreement_no)
);
COMMENT ON TABLE self_billing_agreement IS 'fact: a written agreement by which a legal entity makes the bills of what an account supplies to it; regime: how the supplier stands to VAT, on_debits: its VAT is due with the bill';

CREATE TABLE self_billing_act (
    account_id    text COLLATE "C" NOT NULL,
    agreement_no  integer NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('accepted', 'revoked')),
    happened_on   date NOT NULL,
    who           text NOT NULL CHECK (who <> ''),
    recorded_by   text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, agreement_no, kind),
    FOREIGN KEY (account_id, agreement_no) REFERENCES self_billing_agreement
);
COMMENT ON TABLE self_billing_act IS 'fact: a self-billing agreement was accepted for the account, or revoked; who: the name, or why';

CREATE TABLE reverse_bill (
    account_id           text COLLATE "C" NOT NULL,
    bill_id              text COLLATE "C" NOT NULL,
    order_id             bigint NOT NULL,
    kind                 text NOT NULL CHECK (kind IN ('self-billed', 'self-billed-credit')),
    corrects_bill_id     text COLLATE "C",
    legal_entity_id      text COLLATE "C" NOT NULL,
    agreement_no         integer NOT NULL,
    issued_on            date NOT NULL,
    issued_at            timestamptz NOT NULL,
    term_days            integer NOT NULL,
    due_on               date NOT NULL,
    contest_until        date NOT NULL,
    currency             text NOT NULL,
    net_minor            bigint NOT NULL CHECK (net_minor > 0),
    tax_minor            bigint NOT NULL CHECK (tax_minor >= 0),
    total_minor          bigint NOT NULL CHECK (total_minor = net_minor + tax_minor),
    self_assessed_minor  bigint NOT NULL CHECK (self_assessed_minor >= 0),
    vat_waits            boolean NOT NULL,
    payment_reference    text COLLATE "C" NOT NULL,
    language             text NOT NULL,
    note                 text NOT NULL DEFAULT '',
    contract             text NOT NULL,
    seller_hash          bytea NOT NULL,
    buyer_hash           bytea NOT NULL,
    PRIMARY KEY (account_id, bill_id),
    CHECK ((kind = 'self-billed') = (corrects_bill_id IS NULL)),
    FOREIGN KEY (account_id, agreement_no) REFERENCES self_billing_agreement
);
CREATE UNIQUE INDEX reverse_bill_corrects ON reverse_bill (account_id, corrects_bill_id) WHERE corrects_bill_id IS NOT NULL;
CREATE INDEX reverse_bill_issued ON reverse_bill (account_id, issued_at, bill_id);
CREATE INDEX reverse_bill_entity ON reverse_bill (legal_entity_id, issued_on, bill_id);
COMMENT ON TABLE reverse_bill IS 'fact: a bill of what an account supplied, made in its name by the legal entity that buys (amounts positive), or the credit note that takes one back whole';
COMMENT ON COLUMN reverse_bill.self_assessed_minor IS 'VAT that the buyer owes itself and deducts: reverse charge';
COMMENT ON COLUMN reverse_bill.vat_waits IS 'whether its VAT is deducted with its payment, and not with the bill';

CREATE TABLE reverse_bill_detail (
    account_id         text COLLATE "C" NOT NULL,
    bill_id            text COLLATE "C" NOT NULL,
    detail_no          integer NOT NULL CHECK (detail_no >= 1),
    domain             text NOT NULL,
    description        text NOT NULL,
    quantity_e4        bigint NOT NULL,
    unit_price_ucents  bigint NOT NULL CHECK (unit_price_ucents >= 0),
    net_minor          bigint NOT NULL,
    vat_category       text NOT NULL,
    vat_rate_bp        integer NOT NULL,
    period_start       date NOT NULL,
    period_end         date NOT NULL,
    PRIMARY KEY (account_id, bill_id, detail_no),
    FOREIGN KEY (account_id, bill_id) REFERENCES reverse_bill
);
COMMENT ON TABLE reverse_bill_detail IS 'fact: one line of a reverse bill; domain: what the supply is known by';

CREATE TABLE reverse_bill_tax (
    account_id      text COLLATE "C" NOT NULL,
    bill_id         text COLLATE "C" NOT NULL,
    vat_category    text NOT NULL,
    vat_rate_bp     integer NOT NULL,
    net_minor       bigint NOT NULL,
    tax_minor       bigint NOT NULL,
    exemption_code  text NOT NULL DEFAULT '',
    exemption_text  text NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, bill_id, vat_category, vat_rate_bp),
    FOREIGN KEY (account_id, bill_id) REFERENCES reverse_bill
);
COMMENT ON TABLE reverse_bill_tax IS 'fact: the VAT of a reverse bill per category and rate, rounded once on the summed net';

CREATE TABLE reverse_bill_event (
    account_id   text COLLATE "C" NOT NULL,
    bill_id      text COLLATE "C" NOT NULL,
    event_no     integer NOT NULL CHECK (event_no >= 1),
    kind         text NOT NULL CHECK (kind IN ('contested', 'contest-ended', 'accepted')),
    happened_on  date NOT NULL,
    told         text NOT NULL DEFAULT '',
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, bill_id, event_no),
    FOREIGN KEY (account_id, bill_id) REFERENCES reverse_bill
);
COMMENT ON TABLE reverse_bill_event IS 'fact: the supplier contested a reverse bill, gave that up, or accepted the bill';

CREATE TABLE reverse_set_off (
    account_id       text COLLATE "C" NOT NULL,
    bill_id          text COLLATE "C" NOT NULL,
    debt_account_id  text COLLATE "C" NOT NULL,
    debt_id          bigint NOT NULL,
    operation_id     bigint NOT NULL,
    PRIMARY KEY (account_id, bill_id, debt_account_id, debt_id, operation_id),
    FOREIGN KEY (account_id, bill_id) REFERENCES reverse_bill,
    FOREIGN KEY (debt_account_id, debt_id, operation_id) REFERENCES debt_operation
);
CREATE UNIQUE INDEX reverse_set_off_operation ON reverse_set_off (debt_account_id, debt_id, operation_id);
COMMENT ON TABLE reverse_set_off IS 'fact: an operation on a debt was paid by what a reverse bill owes to its account; undone with the operation';

ALTER TABLE refund ALTER COLUMN deposit_id DROP NOT NULL;
ALTER TABLE refund ADD COLUMN reverse_bill_id text COLLATE "C";
ALTER TABLE refund DROP CONSTRAINT refund_cause_check;
ALTER TABLE refund ADD CONSTRAINT refund_cause_check CHECK (cause IN ('refund', 'charged-back', 'reverse-bill'));
ALTER TABLE refund ADD CONSTRAINT refund_source CHECK ((cause = 'reverse-bill') = (deposit_id IS NULL) AND num_nonnulls(deposit_id, reverse_bill_id) = 1);
ALTER TABLE refund ADD FOREIGN KEY (account_id, reverse_bill_id) REFERENCES reverse_bill;
CREATE INDEX refund_reverse_bill ON refund (account_id, reverse_bill_id) WHERE reverse_bill_id IS NOT NULL;
COMMENT ON TABLE refund IS 'fact: money is to go to the payer: what of a deposit is unapplied, or what a reverse bill owes; charged-back: an acquirer took it back already';

CREATE OR REPLACE VIEW refund_state AS
    SELECT r.account_id, r.refund_id, r.deposit_id, r.order_id, r.currency, r.amount_minor, r.cause, r.reason,
           r.asked_on, r.asked_by, r.asked_at, coalesce(e.state, 'asked') AS state, e.happened_on AS state_on,
           r.reverse_bill_id
      FROM refund r
      LEFT JOIN LATERAL (
           SELECT state, happened_on
             FROM refund_event
            WHERE account_id = r.account_id AND refund_id = r.refund_id
            ORDER BY event_no DESC
            LIMIT 1) e ON true;

CREATE VIEW issued_paper AS
    SELECT account_id, bill_id, order_id, kind, corrects_bill_id, legal_entity_id, payer_id, run_id, category, issued_on,
           issued_at, term_days, term_method, term_grant_id, due_on, currency, net_minor, tax_minor, total_minor,
           billing_group_id, purchase_order_account, purchase_order_id, purchase_order_reference, purchase_order_type,
           payment_reference, payment_means, language, note, seller_hash, buyer_hash, payer_hash, cost_account, contract,
           debit_hash, collected_on, prepaid_minor, accounting_currency, accounting_tax_minor, exchange_e8, exchanged_on,
           NULL::date AS contest_until
      FROM bill
     UNION ALL
    SELECT account_id, bill_id, order_id, kind, corrects_bill_id, legal_entity_id, account_id, NULL, 'self-billing', issued_on,
           issued_at, term_days, 'net', NULL, due_on, currency, net_minor, tax_minor, total_minor, NULL, NULL, NULL, NULL, NULL,
           payment_reference, 'transfer', language, note, seller_hash, buyer_hash, NULL, '', contract, NULL, NULL, 0, NULL,
           NULL, NULL, NULL, contest_until
      FROM reverse_bill;
COMMENT ON VIEW issued_paper IS 'every document that is printed, archived, stamped and sent: bills, and reverse bills with what they have not left empty';

CREATE VIEW issued_paper_detail AS
    SELECT account_id, bill_id, detail_no, service_id, kind, domain, description, quantity_e4, unit_price_ucents, net_minor,
           vat_category, vat_rate_bp, period_start, period_end, purchase_order_line_no, correction_no, part, owner_id,
           purchase_order_item, cost_account
      FROM bill_detail
     UNION ALL
    SELECT account_id, bill_id, detail_no, 0, 'supplied', domain, description, quantity_e4, unit_price_ucents, net_minor,
           vat_category, vat_rate_bp, period_start, period_end, NULL, 0, '', NULL, '', ''
      FROM reverse_bill_detail;
COMMENT ON VIEW issued_paper_detail IS 'the lines of every document that is printed';

CREATE VIEW issued_paper_tax AS
    SELECT account_id, bill_id, vat_category, vat_rate_bp, net_minor, tax_minor, exemption_code, exemption_text,
           accounting_net_minor, accounting_tax_minor
      FROM bill_tax
     UNION ALL
    SELECT account_id, bill_id, vat_category, vat_rate_bp, net_minor, tax_minor, exemption_code, exemption_text, NULL, NULL
      FROM reverse_bill_tax;
COMMENT ON VIEW issued_paper_tax IS 'the VAT of every document that is printed';

CREATE VIEW reverse_standing AS
    SELECT b.account_id, b.bill_id, b.legal_entity_id, b.currency, b.total_minor, b.issued_on, b.due_on, b.contest_until,
           coalesce(s.set_off_minor, 0)::bigint AS set_off_minor, coalesce(r.paid_minor, 0)::bigint AS paid_minor,
           coalesce(r.paying_minor, 0)::bigint AS paying_minor,
           coalesce(e.contest = 'contested', false) AS is_contested, e.accepted_on, c.bill_id AS taken_back_by
      FROM reverse_bill b
      LEFT JOIN LATERAL (
           SELECT sum(o.amount_minor) AS set_off_minor
             FROM reverse_set_off x
             JOIN debt_operation o ON o.account_id = x.debt_account_id AND o.debt_id = x.debt_id
                                  AND o.operation_id = x.operation_id
            WHERE x.account_id = b.account_id AND x.bill_id = b.bill_id
              AND NOT EXISTS (SELECT FROM debt_operation u
                               WHERE u.account_id = o.account_id AND u.debt_id = o.debt_id
                                 AND u.reverses_id = o.operation_id)) s ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) FILTER (WHERE state = 'paid') AS paid_minor,
                  sum(amount_minor) FILTER (WHERE state IN ('asked', 'approved')) AS paying_minor
             FROM refund_state
            WHERE account_id = b.account_id AND reverse_bill_id = b.bill_id) r ON true
      LEFT JOIN LATERAL (
           SELECT (array_agg(kind ORDER BY event_no DESC))[1] AS contest,
                  max(happened_on) FILTER (WHERE kind = 'accepted') AS accepted_on
             FROM reverse_bill_event
            WHERE account_id = b.account_id AND bill_id = b.bill_id) e ON true
      LEFT JOIN reverse_bill c ON c.account_id = b.account_id AND c.corrects_bill_id = b.bill_id
     WHERE b.kind = 'self-billed';
COMMENT ON VIEW reverse_standing IS 'each reverse bill as it stands: what of it is set off, paid or being paid, contested, accepted, taken back';
