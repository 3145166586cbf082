-- Settings of a legal entity change after it was set up, from a day on.

ALTER TABLE legal_entity ADD COLUMN below_zero text NOT NULL DEFAULT 'carry'
    CHECK (below_zero IN ('carry', 'park', 'credit-note', 'credit-balance'));
ALTER TABLE legal_entity ADD COLUMN orders_billed_at_once boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN legal_entity.below_zero IS 'what becomes of charges that come to less than nothing: set off against the next bill (carry), parked for a person, or taken back by credit notes on the bills that they come from (credit-note; what was paid becomes credit with credit-balance)';

CREATE TABLE legal_entity_setting (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    setting_no       bigint GENERATED ALWAYS AS IDENTITY,
    from_on          date NOT NULL,
    name             text NOT NULL,
    value            jsonb NOT NULL,
    value_before     jsonb NOT NULL,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, setting_no)
);
COMMENT ON TABLE legal_entity_setting IS 'fact: from that day on a column of the legal entity has another value (of one day the last row holds); the column itself is set when the day has come';

-- An account asks for the correction of a bill; the request names the corrective bill.

ALTER TABLE request DROP CONSTRAINT request_kind_check;
ALTER TABLE request ADD CONSTRAINT request_kind_check CHECK (kind IN ('term', 'purchase-order', 'correction'));
ALTER TABLE request ADD COLUMN result_bill text COLLATE "C";

-- What comes back is taken back by a credit note, where the seller wants it.

CREATE TABLE credited_charge (
    account_id       text COLLATE "C" NOT NULL,
    service_id       bigint NOT NULL,
    kind             text NOT NULL,
    part             text COLLATE "C" NOT NULL,
    period_start     date NOT NULL,
    note_account_id  text COLLATE "C" NOT NULL,
    note_bill_id     text COLLATE "C" NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, service_id, kind, part, period_start, note_bill_id)
);
COMMENT ON TABLE credited_charge IS 'fact: so much, net, of a charge below zero was taken back by a credit note on a bill that it comes from; the charge stands on no bill then';
