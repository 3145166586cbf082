-- What a service is and costs is dated; changes are planned; options of sellers for services.

ALTER TABLE legal_entity
    ADD COLUMN price_notice_days integer NOT NULL DEFAULT 30 CHECK (price_notice_days BETWEEN 0 AND 366),
    ADD COLUMN refunds_unused boolean NOT NULL DEFAULT false,
    ADD COLUMN bills_suspended boolean NOT NULL DEFAULT false;

CREATE TABLE service_agreement (
    account_id         text COLLATE "C" NOT NULL,
    service_id         bigint NOT NULL,
    agreement_no       integer NOT NULL CHECK (agreement_no >= 1),
    from_on            date NOT NULL,
    catalogue_id       bigint NOT NULL,
    plan_code          text COLLATE "C" NOT NULL,
    pricing_mode       text NOT NULL,
    description        text NOT NULL,
    quantity_e4        bigint NOT NULL CHECK (quantity_e4 > 0),
    unit_price_ucents  bigint NOT NULL CHECK (unit_price_ucents >= 0),
    currency           text NOT NULL,
    renewal_months     integer NOT NULL CHECK (renewal_months > 0),
    anniversary_day    integer NOT NULL CHECK (anniversary_day BETWEEN 1 AND 31),
    anchor_on          date NOT NULL,
    reason             text NOT NULL,
    change_no          bigint,
    agreed_by          text NOT NULL,
    agreed_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id, agreement_no)
);
COMMENT ON TABLE service_agreement IS 'fact: what a service is and costs from from_on until a later row begins (of two of one day the later number holds); anchor_on starts a period. A service without a row is still as it was sold';

CREATE SEQUENCE change_no;
CREATE TABLE planned_change (
    account_id            text COLLATE "C" NOT NULL,
    change_no             bigint NOT NULL DEFAULT nextval('change_no'),
    service_id            bigint NOT NULL,
    kind                  text NOT NULL CHECK (kind IN ('renewal-day', 'promotion-end', 'engagement-end', 'plan', 'price')),
    not_before_on         date NOT NULL,
    reason                text NOT NULL,
    catalogue_id          bigint,
    plan_code             text COLLATE "C",
    pricing_mode          text,
    description           text,
    quantity_e4           bigint CHECK (quantity_e4 > 0),
    unit_price_ucents     bigint CHECK (unit_price_ucents >= 0),
    renewal_months        integer CHECK (renewal_months > 0),
    anniversary_day       integer CHECK (anniversary_day BETWEEN 1 AND 31),
    binding_months        integer CHECK (binding_months > 0),
    end_action            text CHECK (end_action IN ('reactivate', 'default-price', 'keep-price', 'cancel')),
    fallback_mode         text,
    fallback_months       integer CHECK (fallback_months > 0),
    fallback_price_ucents bigint CHECK (fallback_price_ucents >= 0),
    planned_by            text NOT NULL,
    planned_at            timestamptz NOT NULL DEFAULT instant(),
    applied_on            date,
    withdrawn_by          text,
    withdrawn_at          timestamptz,
    withdrawn_reason      text,
    PRIMARY KEY (account_id, change_no),
    CHECK (applied_on IS NULL OR withdrawn_at IS NULL),
    CHECK ((binding_months IS NULL) = (end_action IS NULL))
);
CREATE INDEX planned_change_waiting ON planned_change (account_id, service_id) WHERE applied_on IS NULL AND withdrawn_at IS NULL;
COMMENT ON TABLE planned_change IS 'what a renewal on or after not_before_on will change; waits until a renewal takes it (applied_on) or somebody withdraws it. A null member stays as it is';

CREATE TABLE service_suspension (
    account_id     text COLLATE "C" NOT NULL,
    service_id     bigint NOT NULL,
    suspension_no  integer NOT NULL,
    happening      text NOT NULL CHECK (happening IN ('suspended', 'restored')),
    happened_on    date NOT NULL,
    reason         text NOT NULL DEFAULT '',
    recorded_by    text NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id, suspension_no)
);
COMMENT ON TABLE service_suspension IS 'fact: a service was suspended or restored on a day; a suspended service does not renew';

CREATE TABLE promotion_use (
    account_id       text COLLATE "C" NOT NULL,
    service_id       bigint NOT NULL,
    plan_code        text COLLATE "C" NOT NULL,
    name             text NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    quantity         bigint NOT NULL CHECK (quantity > 0),
    used_on          date NOT NULL,
    PRIMARY KEY (account_id, service_id, plan_code, name)
);
CREATE INDEX promotion_use_name ON promotion_use (legal_entity_id, plan_code, name);
COMMENT ON TABLE promotion_use IS 'fact: so many units of a service were sold at the reduced price of a promotion';

CREATE TABLE renewal_day (
    account_id  text COLLATE "C" PRIMARY KEY REFERENCES account,
    active      boolean NOT NULL,
    day         integer NOT NULL CHECK (day BETWEEN 1 AND 31),
    set_by      text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE renewal_day IS 'the day of the month on which all services of an account renew, while active';
