-- What accounts want to hear, what they are to the provider, and whether keys may be made for them.

CREATE TABLE campaign (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    name             text COLLATE "C" NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    kind             text NOT NULL CHECK (kind IN ('opt-in', 'opt-out')),
    description      text NOT NULL,
    opened_by        text NOT NULL,
    opened_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, name)
);
COMMENT ON TABLE campaign IS 'fact: what a seller asks its accounts'' consent for; the question is never reworded, another one has another name';

CREATE TABLE consent (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    consent_id       bigint GENERATED ALWAYS AS IDENTITY,
    legal_entity_id  text COLLATE "C" NOT NULL,
    campaign         text COLLATE "C" NOT NULL,
    given            boolean NOT NULL,
    decided_by       text NOT NULL,
    decided_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, consent_id),
    FOREIGN KEY (legal_entity_id, campaign) REFERENCES campaign
);
CREATE INDEX consent_campaign ON consent (legal_entity_id, campaign, account_id, consent_id);
COMMENT ON TABLE consent IS 'fact: what an account answered a campaign; the newest answer holds';

CREATE TABLE marketing_choice (
    account_id          text COLLATE "C" NOT NULL REFERENCES account,
    marketing_choice_id bigint GENERATED ALWAYS AS IDENTITY,
    allowed             text[] NOT NULL,
    denies_all          boolean NOT NULL,
    denied_until        timestamptz,
    chosen_by           text NOT NULL,
    chosen_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, marketing_choice_id)
);
COMMENT ON TABLE marketing_choice IS 'fact: by which channel an account wants to hear about what; the newest choice holds, without one it wants to hear nothing';
COMMENT ON COLUMN marketing_choice.allowed IS 'channel and topic, as in email:newsletter';

CREATE TABLE standing (
    account_id           text COLLATE "C" PRIMARY KEY REFERENCES account,
    vip_in               text[] NOT NULL DEFAULT '{}' CHECK (vip_in <@ '{cloud,dedicated,telecom,web}'),
    partner_level        text NOT NULL DEFAULT 'none' CHECK (partner_level IN ('none', 'standard', 'advanced', 'strategic')),
    partner_requirement  text NOT NULL DEFAULT 'none' CHECK (partner_requirement IN ('none', 'premium', 'premium-accredited')),
    partner_signed       boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE standing IS 'what the provider says an account is to it: VIP of which parts of the offer, which rank among its partners';

ALTER TABLE account ADD COLUMN makes_keys boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN account.makes_keys IS 'whether programs, keys and tokens may be made for it; those that exist go on working';
