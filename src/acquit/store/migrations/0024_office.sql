-- Bill runs that are asked for in the office and carried out by a worker.

CREATE SEQUENCE run_request_no;
CREATE TABLE run_request (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    request_no       bigint NOT NULL UNIQUE DEFAULT nextval('run_request_no'),
    period           text NOT NULL CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    is_rehearsal     boolean NOT NULL,
    state            text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'refused')),
    asked_by         text NOT NULL,
    asked_at         timestamptz NOT NULL DEFAULT instant(),
    done             bigint NOT NULL DEFAULT 0,
    accounts         bigint NOT NULL DEFAULT 0,
    outcome          jsonb NOT NULL DEFAULT '{}',
    ended_at         timestamptz,
    PRIMARY KEY (legal_entity_id, request_no),
    CHECK ((ended_at IS NOT NULL) = (state IN ('done', 'refused')))
);
COMMENT ON TABLE run_request IS 'a bill run, or its rehearsal, that an operator asked for in the office; a worker carries it out, tells how far it is, and what came of it: totals, and the comparison with the month before';

CREATE INDEX payer_iban_end ON payer_iban (legal_entity_id, right(iban, 4));
