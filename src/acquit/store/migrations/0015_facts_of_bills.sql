-- What a bill has to know before it is printed: mandate, day of collection, credit used, the buyer's cost
-- accounts and contract, and VAT in the currency of the seller's VAT accounts; the rates that this takes.

ALTER TABLE account ADD COLUMN cost_account text NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN contract text NOT NULL DEFAULT '';
COMMENT ON COLUMN account.cost_account IS 'where the buyer books its bills (BT-19); an order''s goes before it';
COMMENT ON COLUMN account.contract IS 'number of the contract that its bills name (BT-12)';

CREATE TABLE exchange_rate (
    currency      text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    published_on  date NOT NULL,
    per_euro_e8   bigint NOT NULL CHECK (per_euro_e8 > 0),
    imported_by   text NOT NULL,
    imported_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (currency, published_on)
);
COMMENT ON TABLE exchange_rate IS 'fact: 1e-8 units of a currency per euro, as the European Central Bank published them that day';

ALTER TABLE bill ADD COLUMN cost_account text NOT NULL DEFAULT '';
ALTER TABLE bill ADD COLUMN contract text NOT NULL DEFAULT '';
ALTER TABLE bill ADD COLUMN debit_hash bytea;
ALTER TABLE bill ADD COLUMN collected_on date;
ALTER TABLE bill ADD COLUMN prepaid_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE bill ADD COLUMN accounting_currency text;
ALTER TABLE bill ADD COLUMN accounting_tax_minor bigint;
ALTER TABLE bill ADD COLUMN exchange_e8 bigint;
ALTER TABLE bill ADD COLUMN exchanged_on date;
ALTER TABLE bill ADD CONSTRAINT bill_prepaid CHECK (prepaid_minor BETWEEN 0 AND total_minor);
ALTER TABLE bill ADD CONSTRAINT bill_debit CHECK ((debit_hash IS NULL) = (collected_on IS NULL));
ALTER TABLE bill ADD CONSTRAINT bill_exchange CHECK (num_nonnulls(accounting_currency, accounting_tax_minor, exchange_e8, exchanged_on) IN (0, 4) AND exchange_e8 > 0);
COMMENT ON COLUMN bill.debit_hash IS 'the copy of the mandate that it is collected under';
COMMENT ON COLUMN bill.collected_on IS 'the day on which the payer is told that its account is debited';
COMMENT ON COLUMN bill.prepaid_minor IS 'what credit or earlier money paid as it was issued';
COMMENT ON COLUMN bill.exchange_e8 IS '1e-8 units of the bill''s currency per unit of the accounting currency, as published on exchanged_on';

ALTER TABLE bill_detail ADD COLUMN purchase_order_item text NOT NULL DEFAULT '';
ALTER TABLE bill_detail ADD COLUMN cost_account text NOT NULL DEFAULT '';
COMMENT ON COLUMN bill_detail.purchase_order_item IS 'what the order calls the line that covers it (BT-132)';
COMMENT ON COLUMN bill_detail.cost_account IS 'the buyer''s, where it is another than the bill''s (BT-133)';

ALTER TABLE bill_tax ADD COLUMN accounting_net_minor bigint;
ALTER TABLE bill_tax ADD COLUMN accounting_tax_minor bigint;
COMMENT ON COLUMN bill_tax.accounting_tax_minor IS 'the same in the currency of the seller''s VAT accounts, where the bill has another';
