-- Use may be committed for a period at a lower price.

CREATE TABLE savings_offer (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    offer            text COLLATE "C" NOT NULL CHECK (offer ~ '^[a-z0-9][a-z0-9._-]{0,47}$'),
    meter            text COLLATE "C" NOT NULL,
    flavor           text NOT NULL,
    product          text NOT NULL,
    months           integer NOT NULL CHECK (months BETWEEN 1 AND 120),
    per_day_e4       bigint NOT NULL CHECK (per_day_e4 > 0),
    price_ucents     bigint NOT NULL CHECK (price_ucents >= 0),
    currency         text NOT NULL,
    deployment       text NOT NULL CHECK (deployment IN ('region-1-az', 'region-3-az', 'local-zone')),
    from_on          date NOT NULL,
    until_on         date CHECK (until_on >= from_on),
    imported_by      text NOT NULL,
    imported_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, offer)
);
COMMENT ON TABLE savings_offer IS 'fact: a savings plan that a seller offers between two days: so much of a meter a day for each unit, for so many months, at a price per unit of the meter';

CREATE TABLE savings_plan (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    savings_plan_id  uuid NOT NULL DEFAULT gen_random_uuid(),
    service_id       bigint NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    offer            text COLLATE "C" NOT NULL,
    starts_on        date NOT NULL,
    subscribed_by    text NOT NULL,
    subscribed_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, savings_plan_id),
    FOREIGN KEY (legal_entity_id, offer) REFERENCES savings_offer
);
CREATE INDEX savings_plan_seller ON savings_plan (legal_entity_id);
COMMENT ON TABLE savings_plan IS 'fact: an account committed a service to a savings plan from a day on; name, size and what follows are in savings_plan_change';

CREATE TABLE savings_plan_change (
    account_id       text COLLATE "C" NOT NULL,
    savings_plan_id  uuid NOT NULL,
    change_no        integer NOT NULL,
    from_on          date NOT NULL,
    name             text,
    size             bigint CHECK (size > 0),
    period_end       text CHECK (period_end IN ('another', 'ends')),
    is_cancelled     boolean NOT NULL DEFAULT false,
    changed_by       text NOT NULL,
    changed_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, savings_plan_id, change_no),
    FOREIGN KEY (account_id, savings_plan_id) REFERENCES savings_plan
);
COMMENT ON TABLE savings_plan_change IS 'fact: what holds of a savings plan from a day on: its name, its size, what follows its period, or that it was cancelled before it began; nulls change nothing';
