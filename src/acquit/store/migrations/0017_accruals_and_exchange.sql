-- Revenue that is earned and not billed, exchange differences, and money that a bank tells after it was recorded.

INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT l.legal_entity_id, n.role, n.number, n.name
  FROM ledger_account l
 CROSS JOIN (VALUES ('accrued', '418100', 'Clients - factures à établir'),
                    ('exchange_gain', '756000', 'Gains de change sur créances et dettes commerciales'),
                    ('exchange_loss', '656000', 'Pertes de change sur créances et dettes commerciales'),
                    ('conversion_gain', '477000', 'Différences de conversion - passif'),
                    ('conversion_loss', '476000', 'Différences de conversion - actif'))
       AS n(role, number, name)
 WHERE l.role = 'receivable' AND l.number LIKE '411%'
   AND NOT EXISTS (SELECT FROM ledger_account o
                    WHERE o.legal_entity_id = l.legal_entity_id AND o.number = n.number)
    ON CONFLICT DO NOTHING;

UPDATE late_rate SET floor_bp = 786 WHERE country = 'FR' AND from_on = '2026-01-01' AND floor_bp IS NULL;
COMMENT ON TABLE late_rate IS 'the yearly rate of late interest in law from a day on; floor_bp: what a contract may not go below, where it is known. France: main refinancing rate of the European Central Bank (Banque de France, key rates) plus 10 points; three times the legal rate between professionals (orders of each half-year)';

CREATE TABLE deposit_by_hand (
    account_id       text COLLATE "C" NOT NULL,
    deposit_id       text COLLATE "C" NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, deposit_id),
    FOREIGN KEY (account_id, deposit_id) REFERENCES deposit
);
CREATE INDEX deposit_by_hand_of ON deposit_by_hand (legal_entity_id, account_id, deposit_id);
COMMENT ON TABLE deposit_by_hand IS 'fact: a person recorded a deposit; a bank may tell of its money later, and then it is linked (bank_own), not booked again';
INSERT INTO deposit_by_hand (account_id, deposit_id, legal_entity_id)
SELECT d.account_id, d.deposit_id, d.legal_entity_id
  FROM act a
  JOIN deposit d ON d.account_id = a.account_id AND d.deposit_id = a.subject
 WHERE a.verb = 'settle_debt'
    ON CONFLICT DO NOTHING;

ALTER TABLE bank_own DROP CONSTRAINT bank_own_kind_check;
ALTER TABLE bank_own ADD CONSTRAINT bank_own_kind_check CHECK (kind IN ('collected', 'returned', 'refund-paid', 'refund-returned', 'payout', 'deposit'));
COMMENT ON TABLE bank_own IS 'fact: an entry tells of a debit or refund in a file of ours (EndToEndId), of the payout of an acquirer, or of a deposit that was recorded by hand, whose money is booked with that; is_again when a notification before the statement had told it';

ALTER TABLE period_act ADD COLUMN charge_no bigint;
ALTER TABLE period_act DROP CONSTRAINT period_act_happening_check;
ALTER TABLE period_act ADD CONSTRAINT period_act_happening_check CHECK (happening IN ('deferred', 'accrued', 'closed', 'reopened', 'sealed'));
ALTER TABLE period_act ADD CHECK ((happening = 'accrued') = (charge_no IS NOT NULL));
COMMENT ON TABLE period_act IS 'fact: what became of a month of the books. deferred: its revenue was spread; accrued: what was earned and not billed, of charges up to charge_no, was booked; closed: entries, head (SHA-256 over the entry hashes of the month, by account and number) and totals (ledger, currency, debit_minor, credit_minor) as they were then; sealed: the year that ends with the month is never opened again';
