-- An account has an identity provider of its own (SAML 2.0).

ALTER TABLE identity_user DROP CONSTRAINT identity_user_type_check;
ALTER TABLE identity_user ADD CONSTRAINT identity_user_type_check
    CHECK (type IN ('ROOT', 'USER', 'SERVICE', 'FEDERATED'));
COMMENT ON TABLE identity_user IS 'who may log in to an account; its own login (type ROOT) is named like the account, others sign in as account/login. FEDERATED: a person of the account''s identity provider, as it was when it signed in';

CREATE TABLE identity_provider (
    account_id        text COLLATE "C" PRIMARY KEY REFERENCES account,
    entity_id         text NOT NULL,
    sign_on_url       text NOT NULL,
    certificates      bytea[] NOT NULL CHECK (cardinality(certificates) BETWEEN 1 AND 10),
    subjects          text[] NOT NULL CHECK (cardinality(subjects) = cardinality(certificates)),
    ends_at           timestamptz[] NOT NULL CHECK (cardinality(ends_at) = cardinality(certificates)),
    login_attribute   text NOT NULL,
    group_attribute   text NOT NULL,
    shuts_out_logins  boolean NOT NULL,
    signs_requests    boolean NOT NULL,
    requested         jsonb NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT instant(),
    updated_at        timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE identity_provider IS 'the identity provider (SAML 2.0) of an account, as its metadata tells it; certificates (DER), with whose they are and until when: the only ones by which its signatures count. shuts_out_logins: identity users sign in by it alone';

CREATE TABLE saml_request (
    account_id    text COLLATE "C" NOT NULL REFERENCES identity_provider ON DELETE CASCADE,
    request_hash  bytea NOT NULL,
    browser_hash  bytea NOT NULL,
    next          text NOT NULL,
    is_trial      boolean NOT NULL,
    expires_at    timestamptz NOT NULL,
    code_hash     bytea,
    login         text,
    told_groups   text[],
    PRIMARY KEY (account_id, request_hash)
);
CREATE UNIQUE INDEX saml_request_code ON saml_request (account_id, code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX saml_request_expires ON saml_request (expires_at);
COMMENT ON TABLE saml_request IS 'browsers that were sent to the identity provider of an account; code_hash, login and told_groups once its answer came, which counts in the browser that was sent and there once. A trial opens nothing';

CREATE TABLE saml_assertion (
    account_id      text COLLATE "C" NOT NULL REFERENCES account,
    assertion_hash  bytea NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (account_id, assertion_hash)
);
CREATE INDEX saml_assertion_expires ON saml_assertion (expires_at);
COMMENT ON TABLE saml_assertion IS 'assertions that were taken, until they prove nothing any more: none is taken twice';

CREATE TABLE sign_on_key (
    is_only      boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    key_sealed   bytea NOT NULL,
    certificate  bytea NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE sign_on_key IS 'the key by which requests to identity providers are signed, sealed, and its certificate';
