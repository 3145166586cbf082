-- VAT reports are asked for in the office and made by a worker.

CREATE SEQUENCE vat_request_no;
CREATE TABLE vat_request (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    request_no       bigint NOT NULL UNIQUE DEFAULT nextval('vat_request_no'),
    period           text COLLATE "C" NOT NULL CHECK (period ~ '^[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]))?$'),
    asked_by         text NOT NULL,
    asked_at         timestamptz NOT NULL DEFAULT instant(),
    report           jsonb,
    made_at          timestamptz,
    PRIMARY KEY (legal_entity_id, request_no),
    CHECK ((report IS NULL) = (made_at IS NULL))
);
CREATE UNIQUE INDEX vat_request_waits ON vat_request (legal_entity_id, period) WHERE made_at IS NULL;
CREATE INDEX vat_request_of ON vat_request (legal_entity_id, period, request_no);
COMMENT ON TABLE vat_request IS 'the VAT report of a month, quarter or year that an operator asked for in the office; a worker makes it and keeps what it said then';
