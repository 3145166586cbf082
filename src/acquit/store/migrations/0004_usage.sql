-- Usage: what is measured and what it costs, events, their intake and rating.

ALTER TABLE legal_entity
    ADD COLUMN usage_past_days integer NOT NULL DEFAULT 400 CHECK (usage_past_days BETWEEN 1 AND 3660),
    ADD COLUMN usage_future_days integer NOT NULL DEFAULT 0 CHECK (usage_future_days BETWEEN 0 AND 31);

CREATE TABLE meter (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    meter            text COLLATE "C" NOT NULL CHECK (meter ~ '^[a-z0-9][a-z0-9._-]{0,47}$'),
    from_on          date NOT NULL,
    unit             text NOT NULL CHECK (unit ~ '^[A-Z0-9]{2,3}$'),
    aggregation      text NOT NULL CHECK (aggregation IN ('sum', 'max', 'last')),
    per              text NOT NULL CHECK (per IN ('period', 'day')),
    description_fr   text NOT NULL,
    description_en   text NOT NULL,
    imported_by      text NOT NULL,
    imported_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, meter, from_on)
);
COMMENT ON TABLE meter IS 'fact: what is measured and how a period gathers it, from a date on; unit is a code of UN/ECE Recommendation 20';

CREATE TABLE meter_price (
    legal_entity_id         text COLLATE "C" NOT NULL REFERENCES legal_entity,
    meter                   text COLLATE "C" NOT NULL,
    plan_code               text COLLATE "C" NOT NULL,
    from_on                 date NOT NULL,
    currency                text NOT NULL,
    priced_by_plan          text COLLATE "C",
    strategy                text NOT NULL CHECK (strategy IN ('tiered', 'volume', 'stairstep')),
    tiers                   jsonb NOT NULL,
    included_e4             bigint NOT NULL CHECK (included_e4 >= 0),
    committed_e4            bigint NOT NULL CHECK (committed_e4 >= 0),
    committed_price_ucents  bigint NOT NULL CHECK (committed_price_ucents >= 0),
    imported_by             text NOT NULL,
    imported_at             timestamptz NOT NULL DEFAULT instant(),
    CHECK (committed_e4 = 0 OR plan_code <> ''),
    PRIMARY KEY (legal_entity_id, meter, plan_code, from_on)
);
COMMENT ON TABLE meter_price IS 'fact: what a meter costs for services of a plan (empty: of any plan), from a date on: tiers of its own, or the consumption price of a catalogue''s plan';

CREATE SEQUENCE usage_import_id;
CREATE TABLE usage_import (
    import_id     bigint PRIMARY KEY DEFAULT nextval('usage_import_id'),
    fingerprint   text COLLATE "C" NOT NULL UNIQUE,
    name          text NOT NULL,
    offset_bytes  bigint NOT NULL DEFAULT 0,
    lines         bigint NOT NULL DEFAULT 0,
    prefix_hash   bytea NOT NULL DEFAULT '',
    begun_by      text NOT NULL,
    begun_at      timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE usage_import IS 'a file of usage that was read: how far it is committed, and the SHA-256 of what it held up to there, so that it goes on there';

CREATE SEQUENCE usage_chunk_no;
CREATE TABLE usage_chunk (
    chunk_no     bigint PRIMARY KEY DEFAULT nextval('usage_chunk_no'),
    import_id    bigint,
    received_by  text NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT instant(),
    received     bigint NOT NULL,
    accepted     bigint NOT NULL,
    again        bigint NOT NULL,
    rejected     bigint NOT NULL,
    CHECK (received = accepted + again + rejected)
);
COMMENT ON TABLE usage_chunk IS 'fact: events that came together, and what became of them';

CREATE TABLE usage_intake (
    chunk_no         bigint NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    period           date NOT NULL,
    accepted         bigint NOT NULL CHECK (accepted > 0),
    PRIMARY KEY (chunk_no, legal_entity_id, period)
);
COMMENT ON TABLE usage_intake IS 'fact: control total of the events that a chunk brought to a period';

CREATE TABLE usage_event (
    account_id    text COLLATE "C" NOT NULL,
    period        date NOT NULL,
    usage_no      bigint NOT NULL,
    source        text COLLATE "C" NOT NULL,
    event_id      text COLLATE "C" NOT NULL,
    service_id    bigint NOT NULL,
    meter         text COLLATE "C" NOT NULL,
    quantity_e4   bigint NOT NULL CHECK (quantity_e4 >= 0),
    used_on       date NOT NULL,
    used_at       timestamptz NOT NULL,
    until_at      timestamptz,
    properties    jsonb,
    corrects_no   bigint,
    content_hash  bytea NOT NULL,
    PRIMARY KEY (account_id, period, usage_no)
);
CREATE UNIQUE INDEX usage_event_id ON usage_event (source, event_id);
CREATE INDEX usage_event_corrects ON usage_event (account_id, corrects_no) WHERE corrects_no IS NOT NULL;
CREATE INDEX usage_event_period ON usage_event USING brin (period);
COMMENT ON TABLE usage_event IS 'fact: one event of use, once per sender''s id; usage_no is chunk_no * 100000 + its place. A correction repeats the event that it corrects with another quantity';

CREATE TABLE usage_staging (
    place         integer NOT NULL,
    account_id    text COLLATE "C" NOT NULL,
    period        date NOT NULL,
    source        text COLLATE "C" NOT NULL,
    event_id      text COLLATE "C" NOT NULL,
    service_id    bigint NOT NULL,
    meter         text COLLATE "C" NOT NULL,
    quantity_e4   bigint NOT NULL,
    used_on       date NOT NULL,
    used_at       timestamptz NOT NULL,
    until_at      timestamptz,
    properties    jsonb,
    corrects_no   bigint,
    content_hash  bytea NOT NULL
);
COMMENT ON TABLE usage_staging IS 'the shape of the temporary table through which events come; always empty';

CREATE SEQUENCE usage_rejected_no;
CREATE TABLE usage_rejected (
    rejected_no    bigint PRIMARY KEY DEFAULT nextval('usage_rejected_no'),
    chunk_no       bigint NOT NULL,
    line_no        bigint NOT NULL,
    source         text COLLATE "C" NOT NULL,
    event_id       text COLLATE "C",
    code           text NOT NULL,
    message        text NOT NULL,
    raw            bytea NOT NULL,
    raw_hash       bytea NOT NULL,
    retried_chunk  bigint
);
CREATE INDEX usage_rejected_waiting ON usage_rejected (rejected_no) WHERE retried_chunk IS NULL;
CREATE INDEX usage_rejected_chunk ON usage_rejected (chunk_no);
COMMENT ON TABLE usage_rejected IS 'an event that was not accepted, as it came, and why; retried_chunk is the chunk in which it was tried again';

CREATE TABLE usage_pending (
    account_id  text COLLATE "C" NOT NULL,
    service_id  bigint NOT NULL,
    meter       text COLLATE "C" NOT NULL,
    period      date NOT NULL,
    last_no     bigint NOT NULL,
    problem     text,
    PRIMARY KEY (account_id, service_id, meter, period)
);
COMMENT ON TABLE usage_pending IS 'what has events that no rating has seen; last_no is the newest of them, problem why it could not be rated';

CREATE TABLE usage_rating (
    account_id     text COLLATE "C" NOT NULL,
    service_id     bigint NOT NULL,
    meter          text COLLATE "C" NOT NULL,
    period         date NOT NULL,
    rating_no      integer NOT NULL CHECK (rating_no >= 1),
    up_to_no       bigint NOT NULL,
    events         bigint NOT NULL,
    quantity_e4    bigint NOT NULL,
    currency       text NOT NULL,
    net_minor      bigint NOT NULL,
    charged_minor  bigint NOT NULL,
    price_from_on  date NOT NULL,
    lines          jsonb NOT NULL,
    charges        jsonb NOT NULL,
    rated_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id, meter, period, rating_no)
);
COMMENT ON TABLE usage_rating IS 'fact: the use of a meter by a service in a period, priced; the highest rating_no holds. up_to_no is the last event seen, charged_minor what this rating added to what was charged before';
