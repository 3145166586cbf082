-- Settings of a legal entity change after it was set up, from a day on.

ALTER TABLE legal_entity ADD COLUMN below_zero text NOT NULL DEFAULT 'carry'
    CHECK (below_zero IN ('carry', 'park'));
ALTER TABLE legal_entity ADD COLUMN orders_billed_at_once boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN legal_entity.below_zero IS 'what becomes of charges that come to less than nothing: set off against the next bill (carry), or parked for a person';

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
