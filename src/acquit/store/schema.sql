-- The memory of Acquit. Equal to the sum of migrations/ (a test compares the catalogues).
-- A table whose comment begins with "fact:" is inserted and never changed: the application's role
-- has only SELECT and INSERT on it. Everything that belongs to an account has account_id first.

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE FUNCTION instant() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('acquit.instant', true), '')::timestamptz, now())
$$;
COMMENT ON FUNCTION instant() IS 'when a row is written; a demo or a simulation that builds a past sets acquit.instant';

-- ---------------------------------------------------------------- sellers

CREATE TABLE legal_entity (
    legal_entity_id        text COLLATE "C" PRIMARY KEY CHECK (legal_entity_id ~ '^[A-Z]{2}[A-Z0-9]{0,6}$'),
    name                   text NOT NULL,
    legal_form             text NOT NULL DEFAULT '',
    capital                text NOT NULL DEFAULT '',
    register_city          text NOT NULL DEFAULT '',
    siren                  text NOT NULL DEFAULT '',
    siret                  text NOT NULL DEFAULT '',
    vat_id                 text NOT NULL DEFAULT '',
    e_address              text NOT NULL DEFAULT '',
    street                 text NOT NULL,
    street_2               text NOT NULL DEFAULT '',
    zip                    text NOT NULL,
    city                   text NOT NULL,
    country                text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    email                  text NOT NULL DEFAULT '',
    phone                  text NOT NULL DEFAULT '',
    website                text NOT NULL DEFAULT '',
    iban                   text NOT NULL DEFAULT '',
    bic                    text NOT NULL DEFAULT '',
    bank_name              text NOT NULL DEFAULT '',
    currency               text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    zone                   text NOT NULL,
    language               text NOT NULL DEFAULT 'fr_FR',
    logo                   bytea,
    account_suffix         text NOT NULL DEFAULT 'acq',
    -- terms and law (domain.md 1, 2)
    granted_days           integer[] NOT NULL DEFAULT '{30,45,60}',
    default_days           integer NOT NULL DEFAULT 30 CHECK (default_days BETWEEN 0 AND 60),
    net_days_max           integer NOT NULL DEFAULT 60,
    month_end_days_max     integer NOT NULL DEFAULT 45,
    usage_days_max         integer NOT NULL DEFAULT 45,
    unpaid_after_days      integer NOT NULL DEFAULT 8,
    late_rate_bp           integer NOT NULL DEFAULT 1215,
    late_fee_minor         bigint NOT NULL DEFAULT 4000,
    vat_on_debits          boolean NOT NULL DEFAULT false,
    usage_past_days        integer NOT NULL DEFAULT 400 CHECK (usage_past_days BETWEEN 1 AND 3660),
    usage_future_days      integer NOT NULL DEFAULT 0 CHECK (usage_future_days BETWEEN 0 AND 31),
    approval_above_minor   bigint,
    -- how the granted method shows on the wire
    method_type            text NOT NULL DEFAULT 'ENTERPRISE',
    method_label           text NOT NULL DEFAULT 'PaymentEnterprisewith{days}daysdelays',
    -- services
    price_notice_days      integer NOT NULL DEFAULT 30 CHECK (price_notice_days BETWEEN 0 AND 366),
    refunds_unused         boolean NOT NULL DEFAULT false,
    bills_suspended        boolean NOT NULL DEFAULT false,
    bill_series_id         text NOT NULL,
    credit_series_id       text NOT NULL,
    deposit_series_id      text NOT NULL,
    created_at             timestamptz NOT NULL DEFAULT instant(),
    sandbox_of             text COLLATE "C" REFERENCES legal_entity,
    test_on                date,
    below_zero             text NOT NULL DEFAULT 'carry' CHECK (below_zero IN ('carry', 'park', 'credit-note', 'credit-balance')),
    orders_billed_at_once  boolean NOT NULL DEFAULT false,
    brand_colour           text NOT NULL DEFAULT '' CHECK (brand_colour ~ '^(#[0-9a-f]{6})?$'),
    pays_reverse_bills     boolean NOT NULL DEFAULT false,
    CHECK ((sandbox_of IS NULL) = (test_on IS NULL))
);
COMMENT ON COLUMN legal_entity.pays_reverse_bills IS 'whether reverse bills are asked to be paid on the day on which they fall due, or by hand';
COMMENT ON COLUMN legal_entity.sandbox_of IS 'the seller that this one stands for in the sandbox of one account: series, chart, runs and clock are its own';
COMMENT ON COLUMN legal_entity.test_on IS 'the business date of a sandbox; moved forward by hand';
COMMENT ON COLUMN legal_entity.below_zero IS 'what becomes of charges that come to less than nothing: set off against the next bill (carry), parked for a person, or taken back by credit notes on the bills that they come from (credit-note; what was paid becomes credit with credit-balance)';
CREATE SEQUENCE sandbox_no;

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

CREATE TABLE vat_rate (
    country  text NOT NULL,
    from_on  date NOT NULL,
    rate_bp  integer NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
    PRIMARY KEY (country, from_on)
);

CREATE TABLE exchange_rate (
    currency      text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    published_on  date NOT NULL,
    per_euro_e8   bigint NOT NULL CHECK (per_euro_e8 > 0),
    imported_by   text NOT NULL,
    imported_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (currency, published_on)
);
COMMENT ON TABLE exchange_rate IS 'fact: 1e-8 units of a currency per euro, as the European Central Bank published them that day';

CREATE TABLE ledger_account (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    role             text NOT NULL,
    number           text NOT NULL,
    name             text NOT NULL,
    PRIMARY KEY (legal_entity_id, role)
);
COMMENT ON TABLE ledger_account IS 'chart of accounts: which number plays which role (receivable, revenue, vat_collected, vat_pending, bank, unapplied, write_off)';

CREATE TABLE series (
    series_id        text COLLATE "C" PRIMARY KEY,
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity DEFERRABLE INITIALLY DEFERRED,
    document         text NOT NULL CHECK (document IN ('bill', 'credit-note', 'deposit', 'claim', 'reverse-bill', 'down-payment')),
    prefix           text NOT NULL CHECK (prefix ~ '^[A-Za-z0-9+_/-]{1,20}$'),
    digits           integer NOT NULL DEFAULT 8 CHECK (digits BETWEEN 1 AND 15),
    reference_code   text NOT NULL CHECK (reference_code ~ '^[0-9A-Z]{1,6}$'),
    next_number      bigint NOT NULL DEFAULT 1 CHECK (next_number >= 1),
    last_on          date
);
COMMENT ON COLUMN series.reference_code IS 'the series in an ISO 11649 reference: RF + check digits + code + number';

-- ---------------------------------------------------------------- buyers

CREATE SEQUENCE legal_party_id;
CREATE TABLE legal_party (
    legal_party_id   bigint NOT NULL DEFAULT nextval('legal_party_id'),
    from_on          date NOT NULL,
    name             text NOT NULL,
    siren            text NOT NULL DEFAULT '',
    vat_id           text NOT NULL DEFAULT '',
    e_address        text NOT NULL DEFAULT '',
    street           text NOT NULL DEFAULT '',
    street_2         text NOT NULL DEFAULT '',
    zip              text NOT NULL DEFAULT '',
    city             text NOT NULL DEFAULT '',
    country          text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    tax_profile      text NOT NULL DEFAULT 'business' CHECK (tax_profile IN ('business', 'person', 'exempt')),
    exemption_reason text NOT NULL DEFAULT '',
    buyer_reference  text NOT NULL DEFAULT '',
    PRIMARY KEY (legal_party_id, from_on)
);
CREATE INDEX legal_party_name ON legal_party (lower(name));
CREATE INDEX legal_party_words ON legal_party USING gin (lower(name) gin_trgm_ops);
COMMENT ON TABLE legal_party IS 'fact: the buyer in law as of a date; the newest row that is not in the future holds';

CREATE SEQUENCE sub_account_no;
CREATE SEQUENCE account_no START 10001;
CREATE TABLE account (
    account_id       text COLLATE "C" PRIMARY KEY CHECK (account_id ~ '^[a-z]{2}[0-9]{3,10}-[a-z]{2,8}$'),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    parent_id        text COLLATE "C" REFERENCES account,
    sub_account_no   bigint UNIQUE,
    payer_id         text COLLATE "C" NOT NULL REFERENCES account,
    legal_party_id   bigint,
    description      text,
    support_level    text NOT NULL DEFAULT 'standard' CHECK (support_level IN ('standard', 'premium', 'business', 'enterprise')),
    state            text NOT NULL DEFAULT 'complete' CHECK (state IN ('complete', 'incomplete', 'suspended', 'closed')),
    currency         text NOT NULL,
    language         text NOT NULL DEFAULT 'fr_FR',
    given_name       text NOT NULL DEFAULT '',
    family_name      text NOT NULL DEFAULT '',
    email            text NOT NULL DEFAULT '',
    spare_email      text,
    phone            text,
    wire_members     jsonb NOT NULL DEFAULT '{}',
    order_policy     text NOT NULL DEFAULT 'proceed' CHECK (order_policy IN ('proceed', 'warn', 'hold')),
    hold_days_max    integer NOT NULL DEFAULT 30,
    opened_at        timestamptz NOT NULL DEFAULT instant(),
    cost_account     text NOT NULL DEFAULT '',
    contract         text NOT NULL DEFAULT '',
    makes_keys       boolean NOT NULL DEFAULT true,
    CHECK ((parent_id IS NULL) = (sub_account_no IS NULL)),
    CHECK (parent_id IS NOT NULL OR payer_id = account_id),
    CHECK (payer_id = account_id OR payer_id = parent_id),
    CHECK (parent_id IS DISTINCT FROM account_id)
);
CREATE INDEX account_parent ON account (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX account_email ON account (lower(email));
CREATE INDEX account_payer ON account (payer_id, account_id);
CREATE INDEX account_words ON account USING gin
    (lower(account_id COLLATE "default" || chr(10) || coalesce(description, '') || chr(10) || email) gin_trgm_ops);
CREATE INDEX account_family ON account (coalesce(parent_id, account_id), (parent_id IS NOT NULL), sub_account_no);
CREATE INDEX account_party ON account (legal_party_id) WHERE legal_party_id IS NOT NULL;
COMMENT ON COLUMN account.legal_party_id IS 'null: that of the parent';
COMMENT ON COLUMN account.cost_account IS 'where the buyer books its bills (BT-19); an order''s goes before it';
COMMENT ON COLUMN account.contract IS 'number of the contract that its bills name (BT-12)';
COMMENT ON COLUMN account.makes_keys IS 'whether programs, keys and tokens may be made for it; those that exist go on working';
COMMENT ON COLUMN account.wire_members IS 'members of the wire''s /me that Acquit keeps and gives back without using them (sex, birth city, fax …)';

CREATE TABLE account_tag (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    tag         text NOT NULL CHECK (tag ~ '^[a-z0-9:_-]{1,64}$'),
    added_at    timestamptz NOT NULL DEFAULT instant(),
    updated_at  timestamptz NOT NULL DEFAULT instant(),
    expires_at  timestamptz,
    status      text NOT NULL DEFAULT 'validated',
    added_by    text NOT NULL,
    PRIMARY KEY (account_id, tag)
);

CREATE TABLE account_attribute (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    name        text NOT NULL,
    value       text NOT NULL,
    grant_id    bigint,
    set_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE account_attribute IS 'attributes that a grant of terms puts on an account: payment.transfer, payment.delay_days, renewal.permanent';

-- ---------------------------------------------------------------- people and programs

CREATE TABLE identity_user (
    account_id           text COLLATE "C" NOT NULL REFERENCES account,
    login                text COLLATE "C" NOT NULL,
    type                 text NOT NULL DEFAULT 'USER' CHECK (type IN ('ROOT', 'USER', 'SERVICE', 'FEDERATED')),
    email                text,
    description          text NOT NULL DEFAULT '',
    group_name           text NOT NULL DEFAULT 'DEFAULT',
    status               text NOT NULL DEFAULT 'OK' CHECK (status IN ('OK', 'DISABLED', 'PASSWORD_CHANGE_REQUIRED')),
    password_hash        text NOT NULL,
    password_updated_at  timestamptz NOT NULL DEFAULT instant(),
    created_at           timestamptz NOT NULL DEFAULT instant(),
    updated_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, login)
);
COMMENT ON TABLE identity_user IS 'who may log in to an account; its own login (type ROOT) is named like the account, others sign in as account/login. FEDERATED: a person of the account''s identity provider, as it was when it signed in';

CREATE INDEX identity_user_email ON identity_user (lower(email)) WHERE email IS NOT NULL;

CREATE TABLE identity_group (
    account_id   text COLLATE "C" NOT NULL REFERENCES account,
    name         text COLLATE "C" NOT NULL,
    role         text NOT NULL CHECK (role IN ('ADMIN', 'REGULAR', 'UNPRIVILEGED', 'NONE')),
    description  text,
    created_at   timestamptz NOT NULL DEFAULT instant(),
    updated_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE identity_group IS 'groups of logins that an account made; ACCOUNTANT, ADMIN, DEFAULT and UNPRIVILEGED exist without a row';

CREATE TABLE identity_group_user (
    account_id  text COLLATE "C" NOT NULL,
    group_name  text COLLATE "C" NOT NULL,
    login       text COLLATE "C" NOT NULL,
    added_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, group_name, login),
    FOREIGN KEY (account_id, login) REFERENCES identity_user ON DELETE CASCADE
);
CREATE INDEX identity_group_user_login ON identity_group_user (account_id, login);
COMMENT ON TABLE identity_group_user IS 'groups that a login is in besides the one that its own row names';

CREATE TABLE operator (
    operator_id    text COLLATE "C" PRIMARY KEY,
    name           text NOT NULL,
    email          text NOT NULL DEFAULT '',
    role           text NOT NULL CHECK (role IN ('sales', 'billing', 'treasury', 'auditor', 'administrator')),
    password_hash  text NOT NULL,
    token_hash     bytea UNIQUE,
    active         boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL DEFAULT instant()
);

CREATE TABLE session (
    session_hash  bytea PRIMARY KEY,
    door          text NOT NULL CHECK (door IN ('manager', 'office')),
    account_id    text COLLATE "C" REFERENCES account,
    login         text COLLATE "C",
    operator_id   text COLLATE "C" REFERENCES operator,
    created_at    timestamptz NOT NULL DEFAULT instant(),
    expires_at    timestamptz NOT NULL,
    session_no    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    address       text NOT NULL DEFAULT '',
    browser       text NOT NULL DEFAULT '',
    means         text NOT NULL DEFAULT 'password' CHECK (means IN ('password', 'code', 'single-sign-on')),
    CHECK ((door = 'manager') = (account_id IS NOT NULL)),
    CHECK ((door = 'office') = (operator_id IS NOT NULL))
);
CREATE INDEX session_account ON session (account_id, login);
CREATE INDEX session_operator ON session (operator_id);
COMMENT ON TABLE session IS 'people who are signed in: from where, by which browser, and by what they proved who they are';

CREATE TABLE login_attempt (
    door         text NOT NULL,
    login        text NOT NULL,
    address      text NOT NULL,
    attempted_at timestamptz NOT NULL DEFAULT instant(),
    succeeded    boolean NOT NULL
);
CREATE INDEX login_attempt_recent ON login_attempt (door, login, attempted_at);

CREATE TABLE password_link (
    link_hash   bytea PRIMARY KEY,
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    login       text COLLATE "C" NOT NULL,
    asked_at    timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    spent       boolean NOT NULL DEFAULT false
);
CREATE INDEX password_link_login ON password_link (account_id, login);
COMMENT ON TABLE password_link IS 'links by which a login sets a new password, as SHA-256; each is good once and for an hour';

CREATE TABLE kept_file (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    file_id     text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
    name        text NOT NULL,
    labels      jsonb NOT NULL DEFAULT '{}',
    size_bytes  bigint NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    content     bytea,
    created_at  timestamptz NOT NULL DEFAULT instant(),
    expires_at  timestamptz,
    sent_at     timestamptz,
    PRIMARY KEY (account_id, file_id),
    CHECK ((content IS NULL) = (sent_at IS NULL)),
    CHECK (coalesce(octet_length(content), 0) = size_bytes)
);
CREATE INDEX kept_file_expiry ON kept_file (expires_at) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE kept_file IS 'a file that an account keeps here; its bytes are sent by a link after it was made, and go with the row';

CREATE TABLE file_origin (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    origin      text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, origin)
);
COMMENT ON TABLE file_origin IS 'web sites whose pages may send and fetch an account''s files by link';

CREATE SEQUENCE contact_id START 1000;
CREATE TABLE contact_sheet (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    contact_id  bigint NOT NULL UNIQUE DEFAULT nextval('contact_id'),
    said        jsonb NOT NULL CHECK (jsonb_typeof(said) = 'object'),
    kept_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, contact_id)
);
COMMENT ON TABLE contact_sheet IS 'name, address and numbers of somebody whom an account keeps a note of; said: the members that say something, by name';

CREATE SEQUENCE application_id START 1000;
CREATE TABLE application (
    application_id   bigint PRIMARY KEY DEFAULT nextval('application_id'),
    application_key  text COLLATE "C" NOT NULL UNIQUE,
    secret_sealed    bytea NOT NULL,
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    name             text NOT NULL,
    description      text NOT NULL DEFAULT '',
    status           text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'blocked', 'trusted')),
    created_at       timestamptz NOT NULL DEFAULT instant()
);
CREATE INDEX application_account ON application (account_id, application_id);

CREATE SEQUENCE credential_id START 1000;
CREATE TABLE credential (
    credential_id   bigint PRIMARY KEY DEFAULT nextval('credential_id'),
    application_id  bigint NOT NULL REFERENCES application ON DELETE CASCADE,
    account_id      text COLLATE "C" REFERENCES account,
    login           text COLLATE "C",
    key_hash        bytea NOT NULL UNIQUE,
    token_hash      bytea UNIQUE,
    status          text NOT NULL CHECK (status IN ('pendingValidation', 'validated', 'refused', 'expired')),
    rules           jsonb NOT NULL,
    allowed_ips     text[],
    redirection     text,
    by_staff        boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT instant(),
    expires_at      timestamptz,
    CHECK (status <> 'validated' OR account_id IS NOT NULL)
);
CREATE INDEX credential_account ON credential (account_id, credential_id);
CREATE INDEX credential_application ON credential (application_id);
COMMENT ON COLUMN credential.token_hash IS 'SHA-256 of the credentialToken of a validation page, while pending';

CREATE TABLE identity_token (
    account_id     text COLLATE "C" NOT NULL,
    login          text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    description    text NOT NULL,
    credential_id  bigint NOT NULL UNIQUE REFERENCES credential ON DELETE CASCADE,
    created_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, login, name),
    FOREIGN KEY (account_id, login) REFERENCES identity_user ON DELETE CASCADE
);
COMMENT ON TABLE identity_token IS 'a bearer token of a login: the credential holds its hash, its end and its use';

CREATE TABLE service_account (
    service_account_id  text COLLATE "C" PRIMARY KEY,
    account_id          text COLLATE "C" NOT NULL REFERENCES account,
    name                text NOT NULL,
    description         text NOT NULL,
    secret_hash         bytea NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT instant(),
    UNIQUE (account_id, service_account_id)
);
COMMENT ON TABLE service_account IS 'a program that signs in as itself: it trades its id and secret for access tokens, and may do what its rights say';

CREATE TABLE service_account_right (
    account_id          text COLLATE "C" NOT NULL,
    service_account_id  text COLLATE "C" NOT NULL,
    action              text COLLATE "C" NOT NULL,
    given_at            timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_account_id, action),
    FOREIGN KEY (account_id, service_account_id) REFERENCES service_account (account_id, service_account_id) ON DELETE CASCADE
);
COMMENT ON TABLE service_account_right IS 'actions that a service account may carry out, as routes name them; * stands for anything';

CREATE TABLE access_token (
    credential_id       bigint PRIMARY KEY REFERENCES credential ON DELETE CASCADE,
    account_id          text COLLATE "C" NOT NULL REFERENCES account,
    service_account_id  text COLLATE "C",
    parent_id           bigint REFERENCES credential ON DELETE CASCADE,
    FOREIGN KEY (account_id, service_account_id) REFERENCES service_account (account_id, service_account_id) ON DELETE CASCADE,
    CHECK (service_account_id IS NOT NULL OR parent_id IS NOT NULL)
);
CREATE INDEX access_token_of ON access_token (account_id, service_account_id);
CREATE INDEX access_token_parent ON access_token (parent_id);
COMMENT ON TABLE access_token IS 'a bearer token that lives an hour at most: of a service account, or traded for the credential parent_id, with which it ends';

CREATE TABLE address_rule (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    address_rule_id  bigint GENERATED ALWAYS AS IDENTITY,
    block            cidr NOT NULL,
    accepts          boolean NOT NULL,
    warns            boolean NOT NULL,
    PRIMARY KEY (account_id, address_rule_id),
    UNIQUE (account_id, block)
);
COMMENT ON TABLE address_rule IS 'whether the account is reached from a block of addresses, and whether a sign-in from there is told by letter; the narrowest block decides';

CREATE TABLE address_default (
    account_id  text COLLATE "C" PRIMARY KEY REFERENCES account,
    accepts     boolean NOT NULL,
    warns       boolean NOT NULL
);
COMMENT ON TABLE address_default IS 'what holds for addresses in no block of the account; without a row they are accepted';

CREATE TABLE code_generator (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    code_generator_id  bigint GENERATED ALWAYS AS IDENTITY,
    login              text COLLATE "C" NOT NULL,
    secret_sealed      bytea NOT NULL,
    description        text NOT NULL DEFAULT '',
    state              text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'enabled', 'disabled')),
    last_step          bigint NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL DEFAULT instant(),
    last_used_at       timestamptz,
    PRIMARY KEY (account_id, code_generator_id)
);
CREATE INDEX code_generator_login ON code_generator (account_id, login);
COMMENT ON TABLE code_generator IS 'a device of a login that makes codes by time (RFC 6238); last_step is the step of the last code taken, none is taken twice';

CREATE TABLE backup_codes (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    login         text COLLATE "C" NOT NULL,
    state         text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'enabled', 'disabled')),
    created_at    timestamptz NOT NULL DEFAULT instant(),
    last_used_at  timestamptz,
    PRIMARY KEY (account_id, login)
);
COMMENT ON TABLE backup_codes IS 'the set of codes that let a login in without its device';

CREATE TABLE backup_code (
    account_id  text COLLATE "C" NOT NULL,
    login       text COLLATE "C" NOT NULL,
    code_mac    text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, login, code_mac),
    FOREIGN KEY (account_id, login) REFERENCES backup_codes ON DELETE CASCADE
);
COMMENT ON TABLE backup_code IS 'codes not spent yet, under the key of the installation';

CREATE TABLE pending_sign_in (
    pending_hash  bytea PRIMARY KEY,
    account_id    text COLLATE "C" REFERENCES account,
    login         text COLLATE "C",
    expires_at    timestamptz NOT NULL,
    operator_id   text COLLATE "C" REFERENCES operator,
    CHECK ((account_id IS NULL) = (login IS NULL) AND (account_id IS NULL) <> (operator_id IS NULL))
);
COMMENT ON TABLE pending_sign_in IS 'who gave the right password and still owes a code';

CREATE TABLE operator_device (
    operator_id    text COLLATE "C" PRIMARY KEY REFERENCES operator,
    secret_sealed  bytea NOT NULL,
    confirmed      boolean NOT NULL DEFAULT false,
    last_step      bigint NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT instant(),
    last_used_at   timestamptz
);
COMMENT ON TABLE operator_device IS 'the device of an operator that makes codes by time (RFC 6238); asked for once confirmed, no code is taken twice';

CREATE TABLE operator_backup_code (
    operator_id  text COLLATE "C" NOT NULL REFERENCES operator_device ON DELETE CASCADE,
    code_mac     text COLLATE "C" NOT NULL,
    PRIMARY KEY (operator_id, code_mac)
);
COMMENT ON TABLE operator_backup_code IS 'codes of operators not spent yet, under the key of the installation';

CREATE TABLE sign_on (
    sign_on_hash     bytea PRIMARY KEY,
    door             text NOT NULL CHECK (door IN ('manager', 'office')),
    nonce            text NOT NULL,
    verifier_sealed  bytea NOT NULL,
    account_id       text COLLATE "C" REFERENCES account,
    next             text NOT NULL,
    expires_at       timestamptz NOT NULL
);
COMMENT ON TABLE sign_on IS 'browsers that were sent to an identity provider and are not back yet; the hash is of the state and of a secret of the browser';

CREATE TABLE operator_identity (
    issuer       text COLLATE "C" NOT NULL,
    subject      text COLLATE "C" NOT NULL,
    operator_id  text COLLATE "C" NOT NULL REFERENCES operator,
    linked_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (issuer, subject),
    UNIQUE (operator_id, issuer)
);
COMMENT ON TABLE operator_identity IS 'which person of an identity provider an operator is';

CREATE TABLE account_identity (
    account_id  text COLLATE "C" NOT NULL,
    login       text COLLATE "C" NOT NULL,
    issuer      text COLLATE "C" NOT NULL,
    subject     text COLLATE "C" NOT NULL,
    linked_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, login, issuer),
    UNIQUE (issuer, subject, account_id),
    FOREIGN KEY (account_id, login) REFERENCES identity_user ON DELETE CASCADE
);
COMMENT ON TABLE account_identity IS 'which person of an identity provider a login of an account is';

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
    session_ends_at timestamptz,
    PRIMARY KEY (account_id, request_hash)
);
CREATE UNIQUE INDEX saml_request_code ON saml_request (account_id, code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX saml_request_expires ON saml_request (expires_at);
COMMENT ON TABLE saml_request IS 'browsers that were sent to the identity provider of an account; code_hash, login, told_groups and session_ends_at (where it said one) once its answer came, which counts in the browser that was sent and there once. A trial opens nothing';

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

CREATE TABLE api_call (
    account_id  text COLLATE "C" NOT NULL,
    call_id     bigint GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    method      text NOT NULL,
    route       text NOT NULL,
    path        text NOT NULL,
    address     text NOT NULL,
    PRIMARY KEY (account_id, call_id)
);
COMMENT ON TABLE api_call IS 'the latest admitted calls of each account, written in batches a moment later; older ones are forgotten';

CREATE TABLE email_change (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    email_change_id  bigint GENERATED ALWAYS AS IDENTITY,
    new_email        text NOT NULL,
    state            text NOT NULL DEFAULT 'todo' CHECK (state IN ('todo', 'done', 'refused', 'aborted')),
    asked_at         timestamptz NOT NULL DEFAULT instant(),
    done_at          timestamptz,
    PRIMARY KEY (account_id, email_change_id)
);
COMMENT ON TABLE email_change IS 'another address that an account asked for; it holds once the token of the letter to it came back';

CREATE TABLE ssh_key (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    name        text COLLATE "C" NOT NULL,
    key         text NOT NULL,
    added_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE ssh_key IS 'public keys that an account keeps here for its servers; billing does not use them';

CREATE TABLE preference (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    name        text COLLATE "C" NOT NULL,
    value       text NOT NULL,
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE preference IS 'texts that a page keeps for an account; only the page knows what they mean';

-- ---------------------------------------------------------------- what an account agrees to

CREATE TABLE contract_text (
    contract_text_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    legal_entity_id   text COLLATE "C" NOT NULL REFERENCES legal_entity,
    account_id        text COLLATE "C" REFERENCES account,
    name              text NOT NULL,
    from_on           date NOT NULL,
    said              text NOT NULL,
    paper_sha256      text NOT NULL,
    published_by      text NOT NULL,
    published_at      timestamptz NOT NULL DEFAULT instant(),
    UNIQUE NULLS NOT DISTINCT (legal_entity_id, account_id, name, from_on)
);
COMMENT ON TABLE contract_text IS 'fact: a version of what a seller asks its accounts to accept; the newest of a name that is not in the future holds';
COMMENT ON COLUMN contract_text.account_id IS 'null: for every account of the seller';

CREATE TABLE acceptance (
    account_id        text COLLATE "C" NOT NULL REFERENCES account,
    contract_text_id  bigint NOT NULL REFERENCES contract_text,
    accepted_by       text NOT NULL,
    accepted_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, contract_text_id)
);
CREATE INDEX acceptance_contract_text ON acceptance (contract_text_id);
COMMENT ON TABLE acceptance IS 'fact: an account''s yes to a contract text';

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

CREATE UNLOGGED TABLE credential_use (
    credential_id  bigint PRIMARY KEY,
    last_use_at    timestamptz NOT NULL,
    calls          bigint NOT NULL DEFAULT 0
);

CREATE TABLE act (
    act_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT instant(),
    actor       text NOT NULL,
    verb        text NOT NULL,
    account_id  text COLLATE "C",
    subject     text NOT NULL DEFAULT '',
    details     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX act_account ON act (account_id, act_id);
CREATE INDEX act_contact_change ON act (subject) WHERE verb IN ('agree_to_contact_change', 'refuse_contact_change', 'resend_contact_letter');
COMMENT ON TABLE act IS 'fact: who did what; actor is operator:ID, account:ID/login, application:ID or system';

CREATE TABLE act_trace (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    act_id      bigint NOT NULL,
    at          timestamptz NOT NULL DEFAULT instant(),
    address     text NOT NULL DEFAULT '',
    browser     text NOT NULL DEFAULT '',
    before      jsonb,
    after       jsonb,
    PRIMARY KEY (account_id, act_id)
);
CREATE INDEX act_trace_at ON act_trace (at);
COMMENT ON TABLE act_trace IS 'what an act on access left besides itself: from where, by which browser, how it was before and after; forgotten with its day, while the act stays';

CREATE TABLE log_stream (
    account_id     text COLLATE "C" NOT NULL REFERENCES account,
    stream_id      uuid NOT NULL DEFAULT gen_random_uuid(),
    name           text NOT NULL,
    format         text NOT NULL CHECK (format IN ('https', 'gelf', 'syslog')),
    host           text NOT NULL,
    port           integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
    path           text NOT NULL DEFAULT '',
    secret_name    text NOT NULL DEFAULT '',
    secret_sealed  bytea,
    authorities    text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, stream_id)
);
COMMENT ON TABLE log_stream IS 'where an account collects its logs; authorities: PEM certificates that vouch for it besides the public ones';

CREATE TABLE log_forwarding (
    account_id     text COLLATE "C" NOT NULL,
    forwarding_id  uuid NOT NULL DEFAULT gen_random_uuid(),
    kind           text NOT NULL CHECK (kind IN ('api', 'audit')),
    stream_id      uuid NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT instant(),
    next_at        timestamptz NOT NULL DEFAULT instant(),
    claimed_until  timestamptz,
    claim          uuid,
    failures       integer NOT NULL DEFAULT 0,
    problem        text NOT NULL DEFAULT '',
    sent           bigint NOT NULL DEFAULT 0,
    sent_at        timestamptz,
    lost           bigint NOT NULL DEFAULT 0,
    lost_from      timestamptz,
    lost_to        timestamptz,
    PRIMARY KEY (account_id, forwarding_id),
    UNIQUE (account_id, kind, stream_id),
    FOREIGN KEY (account_id, stream_id) REFERENCES log_stream ON DELETE CASCADE
);
COMMENT ON TABLE log_forwarding IS 'one kind of log that goes to one stream; claim: whoever sends just now; lost: records that were forgotten before they could be sent, until the stream is told';

CREATE TABLE log_waiting (
    account_id     text COLLATE "C" NOT NULL,
    forwarding_id  uuid NOT NULL,
    waiting_no     bigint GENERATED ALWAYS AS IDENTITY,
    record_no      bigint NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (account_id, forwarding_id, waiting_no),
    FOREIGN KEY (account_id, forwarding_id) REFERENCES log_forwarding ON DELETE CASCADE
);
COMMENT ON TABLE log_waiting IS 'records of a log that a stream has not taken yet, by their numbers (call_id, act_id); written with the record, gone once it was taken';

CREATE TABLE idempotency_key (
    scope       text NOT NULL,
    key         text NOT NULL,
    input_hash  bytea NOT NULL,
    answer      jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (scope, key)
);
COMMENT ON TABLE idempotency_key IS 'fact: an input that was carried out once and what it answered';

CREATE TABLE deployment (
    name   text PRIMARY KEY,
    value  text NOT NULL
);
COMMENT ON TABLE deployment IS 'facts of this installation: demo, business_days_ahead';

-- ---------------------------------------------------------------- terms and payment methods

CREATE SEQUENCE request_id;
CREATE TABLE request (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    request_id    bigint NOT NULL UNIQUE DEFAULT nextval('request_id'),
    kind          text NOT NULL CHECK (kind IN ('term', 'purchase-order', 'correction')),
    asked         jsonb NOT NULL,
    message       text NOT NULL DEFAULT '',
    file_name     text,
    file_type     text,
    file_content  bytea,
    state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'refused')),
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT instant(),
    decided_by    text,
    decided_at    timestamptz,
    reason        text NOT NULL DEFAULT '',
    result_id     bigint,
    result_bill   text COLLATE "C",
    PRIMARY KEY (account_id, request_id)
);
CREATE INDEX request_waiting ON request (request_id) WHERE state = 'waiting';
CREATE INDEX request_decided ON request (decided_at DESC, request_id DESC) WHERE state <> 'waiting';

CREATE SEQUENCE grant_id;
CREATE TABLE terms_grant (
    account_id          text COLLATE "C" NOT NULL REFERENCES account,
    grant_id            bigint NOT NULL UNIQUE DEFAULT nextval('grant_id'),
    days                integer NOT NULL CHECK (days > 0),
    method              text NOT NULL CHECK (method IN ('net', 'days-first', 'month-first')),
    credit_limit_minor  bigint CHECK (credit_limit_minor >= 0),
    currency            text NOT NULL,
    from_on             date NOT NULL,
    usage_choice        text NOT NULL DEFAULT 'own-bill' CHECK (usage_choice IN ('own-bill', 'override')),
    usage_days          integer NOT NULL,
    override_reason     text NOT NULL DEFAULT '',
    request_id          bigint,
    granted_by          text NOT NULL,
    granted_at          timestamptz NOT NULL DEFAULT instant(),
    needs_approval      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (account_id, grant_id),
    CHECK (usage_choice = 'own-bill' OR override_reason <> '')
);
CREATE INDEX terms_grant_second ON terms_grant (grant_id) WHERE needs_approval;
COMMENT ON TABLE terms_grant IS 'fact: sales granted a payment term; effective from from_on until a terms_end';

CREATE TABLE terms_approval (
    account_id   text COLLATE "C" NOT NULL,
    grant_id     bigint NOT NULL,
    approved_by  text NOT NULL,
    approved_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, grant_id)
);
COMMENT ON TABLE terms_approval IS 'fact: a second operator approved a grant that needed it';

CREATE TABLE terms_end (
    account_id  text COLLATE "C" NOT NULL,
    grant_id    bigint NOT NULL,
    end_on      date NOT NULL,
    ended_by    text NOT NULL,
    ended_at    timestamptz NOT NULL DEFAULT instant(),
    reason      text NOT NULL,
    PRIMARY KEY (account_id, grant_id)
);
COMMENT ON TABLE terms_end IS 'fact: the grant ended: bills dated end_on or later get the legal default or the next grant';

CREATE SEQUENCE payment_method_id START 100;
CREATE TABLE payment_method (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    payment_method_id  bigint NOT NULL UNIQUE DEFAULT nextval('payment_method_id'),
    payment_type       text NOT NULL,
    sub_type           text,
    label              text,
    description        text,
    status             text NOT NULL,
    is_default         boolean NOT NULL DEFAULT false,
    grant_id           bigint,
    created_at         timestamptz NOT NULL DEFAULT instant(),
    updated_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, payment_method_id)
);
CREATE UNIQUE INDEX payment_method_default ON payment_method (account_id) WHERE is_default;

CREATE TABLE method_on_file (
    account_id         text COLLATE "C" NOT NULL,
    payment_method_id  bigint NOT NULL,
    acquirer           text COLLATE "C" NOT NULL,
    method             text COLLATE "C" NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('card', 'paypal')),
    brand              text NOT NULL DEFAULT '',
    number_end         text NOT NULL DEFAULT '' CHECK (number_end ~ '^([0-9]{4})?$'),
    expires_on         date,
    is_authenticated   boolean NOT NULL DEFAULT false,
    agreement          text NOT NULL DEFAULT '',
    email              text NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, payment_method_id),
    UNIQUE (acquirer, method),
    FOREIGN KEY (account_id, payment_method_id) REFERENCES payment_method
);
COMMENT ON TABLE method_on_file IS 'a card or wallet that an acquirer keeps for an account, as it told it last: never its number, but the four digits at its end. method: the acquirer''s own id of it; expires_on: the first day on which it is over';

CREATE TABLE method_event (
    account_id   text COLLATE "C" NOT NULL REFERENCES account,
    acquirer     text COLLATE "C" NOT NULL,
    event_id     text COLLATE "C" NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('registered', 'updated', 'failing', 'expired', 'removed')),
    method       text COLLATE "C" NOT NULL,
    occurred_on  date NOT NULL,
    sha256       bytea NOT NULL CHECK (length(sha256) = 32),
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, acquirer, event_id),
    UNIQUE (acquirer, event_id)
);
COMMENT ON TABLE method_event IS 'fact: what an acquirer told of a card or wallet that it keeps, once per its own event id; sha256 is that of the content';

CREATE TABLE registration_page (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    kind             text NOT NULL CHECK (kind IN ('card', 'paypal')),
    url              text NOT NULL CHECK (url <> ''),
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, kind)
);
COMMENT ON TABLE registration_page IS 'the page of an acquirer on which accounts of a seller register a card or wallet';

CREATE TABLE method_registration (
    account_id         text COLLATE "C" NOT NULL,
    payment_method_id  bigint NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('card', 'paypal')),
    wants_default      boolean NOT NULL,
    PRIMARY KEY (account_id, payment_method_id),
    FOREIGN KEY (account_id, payment_method_id) REFERENCES payment_method
);
COMMENT ON TABLE method_registration IS 'fact: an account went to that page to register a method, which waits for the acquirer''s word';

-- ---------------------------------------------------------------- purchase orders

CREATE SEQUENCE billing_group_id;
CREATE TABLE billing_group (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    billing_group_id   bigint NOT NULL UNIQUE DEFAULT nextval('billing_group_id'),
    name               text NOT NULL,
    payment_method_id  bigint,
    created_at         timestamptz NOT NULL DEFAULT instant(),
    updated_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, billing_group_id),
    UNIQUE (account_id, name)
);

CREATE SEQUENCE purchase_order_id START 100;
CREATE TABLE purchase_order (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    purchase_order_id  bigint NOT NULL UNIQUE DEFAULT nextval('purchase_order_id'),
    reference          text NOT NULL CHECK (length(reference) BETWEEN 1 AND 255),
    type               text NOT NULL DEFAULT 'PURCHASE_ORDER' CHECK (type IN ('PURCHASE_ORDER', 'REFERENCE_ORDER')),
    kind               text NOT NULL DEFAULT 'open' CHECK (kind IN ('open', 'closed', 'blanket')),
    start_on           date NOT NULL,
    end_on             date CHECK (end_on > start_on),
    billing_group_id   bigint,
    is_family          boolean NOT NULL DEFAULT false,
    matched_by         text NOT NULL DEFAULT 'bill-date' CHECK (matched_by IN ('bill-date', 'service-period')),
    amount_max_minor   bigint CHECK (amount_max_minor > 0),
    currency           text NOT NULL,
    cost_account       text NOT NULL DEFAULT '',
    succeeds_id        bigint,
    active             boolean NOT NULL DEFAULT true,
    status             text NOT NULL DEFAULT 'CREATED' CHECK (status IN ('CREATED', 'DELETED')),
    description        text,
    created_by         text NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT instant(),
    updated_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, purchase_order_id),
    CONSTRAINT purchase_order_no_overlap EXCLUDE USING gist (
        account_id WITH =, (coalesce(billing_group_id, 0)) WITH =, (is_family::int) WITH =,
        (daterange(start_on, end_on, '[)')) WITH &&
    ) WHERE (status = 'CREATED' AND active AND succeeds_id IS NULL)
);
CREATE INDEX purchase_order_newest ON purchase_order (account_id, start_on, purchase_order_id) WHERE status = 'CREATED';
COMMENT ON COLUMN purchase_order.end_on IS 'first day not covered; null: open';
COMMENT ON COLUMN purchase_order.succeeds_id IS 'the order that this one takes over from when that one cannot carry a whole bill; a successor may overlap it';

CREATE TABLE purchase_order_member (
    account_id         text COLLATE "C" NOT NULL,
    purchase_order_id  bigint NOT NULL,
    member_id          text COLLATE "C" NOT NULL REFERENCES account,
    PRIMARY KEY (account_id, purchase_order_id, member_id)
);
CREATE INDEX purchase_order_member_of ON purchase_order_member (member_id);
COMMENT ON TABLE purchase_order_member IS 'accounts that share a family order, its own account among them';

CREATE TABLE purchase_order_line (
    account_id         text COLLATE "C" NOT NULL,
    purchase_order_id  bigint NOT NULL,
    line_no            integer NOT NULL,
    item_number        text NOT NULL,
    description        text NOT NULL DEFAULT '',
    service_pattern    text NOT NULL DEFAULT '*',
    quantity_e4        bigint,
    unit_price_ucents  bigint,
    amount_max_minor   bigint,
    cost_account       text NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, purchase_order_id, line_no)
);

CREATE TABLE purchase_order_draw (
    account_id         text COLLATE "C" NOT NULL,
    purchase_order_id  bigint NOT NULL,
    bill_account_id    text COLLATE "C" NOT NULL,
    bill_id            text COLLATE "C" NOT NULL,
    amount_minor       bigint NOT NULL,
    drawn_on           date NOT NULL,
    PRIMARY KEY (account_id, purchase_order_id, bill_id)
);
CREATE INDEX purchase_order_draw_newest ON purchase_order_draw (account_id, purchase_order_id, drawn_on, bill_id);
COMMENT ON TABLE purchase_order_draw IS 'fact: net amount that a bill took from an order; negative for a credit note, which gives it back';

-- ---------------------------------------------------------------- catalogue and services

CREATE SEQUENCE catalogue_id;
CREATE TABLE catalogue (
    catalogue_id     bigint PRIMARY KEY DEFAULT nextval('catalogue_id'),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    name             text NOT NULL,
    published_id     bigint,
    currency         text NOT NULL,
    tax_rate_bp      integer,
    from_on          date NOT NULL,
    sha256           text NOT NULL,
    content          bytea NOT NULL,
    imported_by      text NOT NULL,
    imported_at      timestamptz NOT NULL DEFAULT instant(),
    UNIQUE (legal_entity_id, name, sha256)
);
COMMENT ON TABLE catalogue IS 'fact: one version of a price catalogue, its file gzipped in content';

CREATE TABLE plan (
    catalogue_id   bigint NOT NULL REFERENCES catalogue,
    plan_code      text COLLATE "C" NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('plan', 'add-on')),
    invoice_name   text NOT NULL,
    product        text NOT NULL,
    product_type   text NOT NULL DEFAULT '',
    blobs          jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (catalogue_id, plan_code)
);
COMMENT ON TABLE plan IS 'fact: what is sold under a plan code of a catalogue version';

CREATE TABLE plan_option (
    catalogue_id  bigint NOT NULL,
    plan_code     text COLLATE "C" NOT NULL,
    family        text NOT NULL,
    option_code   text COLLATE "C" NOT NULL,
    mandatory     boolean NOT NULL,
    exclusive     boolean NOT NULL,
    is_default    boolean NOT NULL,
    PRIMARY KEY (catalogue_id, plan_code, family, option_code)
);
COMMENT ON TABLE plan_option IS 'fact: which add-ons a plan takes, by family';

CREATE TABLE pricing (
    catalogue_id      bigint NOT NULL,
    plan_code         text COLLATE "C" NOT NULL,
    pricing_no        integer NOT NULL,
    capacities        text[] NOT NULL,
    mode              text NOT NULL,
    phase             integer NOT NULL DEFAULT 1,
    description       text NOT NULL DEFAULT '',
    interval_count    integer NOT NULL,
    interval_unit     text NOT NULL CHECK (interval_unit IN ('none', 'hour', 'day', 'month', 'year')),
    commitment_months integer NOT NULL DEFAULT 0,
    quantity_min      bigint NOT NULL DEFAULT 1,
    quantity_max      bigint,
    strategy          text NOT NULL DEFAULT '',
    tiers             jsonb,
    must_be_completed boolean NOT NULL DEFAULT false,
    price_ucents      bigint NOT NULL CHECK (price_ucents >= 0),
    tax_ucents        bigint NOT NULL DEFAULT 0,
    type              text NOT NULL DEFAULT '',
    engagement        jsonb,
    promotions        jsonb,
    PRIMARY KEY (catalogue_id, plan_code, pricing_no)
);
COMMENT ON TABLE pricing IS 'fact: one price of a plan: capacity, mode, interval, commitment';

CREATE SEQUENCE service_id START 10000;
CREATE TABLE service (
    account_id           text COLLATE "C" NOT NULL,
    service_id           bigint NOT NULL DEFAULT nextval('service_id'),
    parent_service_id    bigint,
    resource_name        text COLLATE "C" NOT NULL,
    display_name         text NOT NULL,
    route                text NOT NULL,
    catalogue_id         bigint NOT NULL,
    plan_code            text COLLATE "C" NOT NULL,
    pricing_mode         text NOT NULL DEFAULT 'default',
    description          text NOT NULL,
    quantity_e4          bigint NOT NULL DEFAULT 10000 CHECK (quantity_e4 > 0),
    unit_price_ucents    bigint NOT NULL CHECK (unit_price_ucents >= 0),
    currency             text NOT NULL,
    renewal_months       integer NOT NULL CHECK (renewal_months > 0),
    anniversary_day      integer NOT NULL CHECK (anniversary_day BETWEEN 1 AND 31),
    started_on           date NOT NULL,
    next_renewal_on      date NOT NULL,
    engaged_until_on     date,
    renew_automatic      boolean NOT NULL DEFAULT true,
    renew_forced         boolean NOT NULL DEFAULT false,
    delete_at_expiration boolean NOT NULL DEFAULT false,
    billing_group_id     bigint,
    state                text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'terminated')),
    terminated_on        date,
    created_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id)
) WITH (fillfactor = 45);
CREATE INDEX service_resource ON service (account_id, route, resource_name);
COMMENT ON TABLE service IS 'what renews; next_renewal_on is deliberately without index so that a renewal is a HOT update';

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

CREATE TABLE service_move (
    account_id     text COLLATE "C" NOT NULL REFERENCES account,
    service_id     bigint NOT NULL,
    to_account_id  text COLLATE "C" NOT NULL REFERENCES account,
    to_service_id  bigint NOT NULL,
    moved_on       date NOT NULL,
    paid_until_on  date NOT NULL,
    agreements     integer NOT NULL CHECK (agreements >= 1),
    moved_by       text NOT NULL,
    moved_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id),
    UNIQUE (to_account_id, to_service_id),
    CHECK (account_id <> to_account_id)
);
CREATE INDEX service_move_latest ON service_move (to_service_id);
COMMENT ON TABLE service_move IS 'fact: a service ended in one account and went on in another on a day; of the days until paid_until_on, which were renewed before, what one is given back is what the other is charged. agreements: how many the new one began with';

CREATE TABLE service_contact (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    service_id    bigint NOT NULL,
    technical_id  text COLLATE "C" NOT NULL REFERENCES account,
    set_by        text NOT NULL,
    set_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id)
);
COMMENT ON TABLE service_contact IS 'the account that is named as technical contact of a service of another one; it reads nothing of it';

CREATE SEQUENCE contact_change_id START 1000;
CREATE TABLE contact_change (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    contact_change_id  bigint NOT NULL UNIQUE DEFAULT nextval('contact_change_id'),
    service_id         bigint NOT NULL,
    service_name       text NOT NULL,
    contact            text NOT NULL CHECK (contact IN ('admin', 'billing', 'technical')),
    from_account_id    text COLLATE "C" NOT NULL,
    to_account_id      text COLLATE "C" NOT NULL REFERENCES account,
    state              text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'agreed', 'done', 'refused', 'aborted')),
    asked_by           text NOT NULL,
    asked_at           timestamptz NOT NULL DEFAULT instant(),
    given_at           timestamptz,
    taken_at           timestamptz,
    told_at            timestamptz NOT NULL DEFAULT instant(),
    done_at            timestamptz,
    PRIMARY KEY (account_id, contact_change_id),
    CHECK (account_id <> to_account_id OR contact = 'technical'),
    CHECK ((done_at IS NULL) = (state IN ('waiting', 'agreed')))
);
CREATE INDEX contact_change_taker ON contact_change (to_account_id, contact_change_id);
CREATE UNIQUE INDEX contact_change_waiting ON contact_change (account_id, service_id, contact) WHERE state IN ('waiting', 'agreed');
COMMENT ON TABLE contact_change IS 'an account asks that another one be a contact of its service; given_at, taken_at: when either agreed. Administration and billing that are both agreed give the service away';

CREATE TABLE service_form_answer (
    account_id   text COLLATE "C" NOT NULL,
    service_id   bigint NOT NULL,
    answer_no    integer NOT NULL,
    form         text NOT NULL CHECK (form <> ''),
    answers      jsonb NOT NULL,
    answered_by  text NOT NULL,
    answered_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id, answer_no)
);
COMMENT ON TABLE service_form_answer IS 'fact: what an account answered when it was asked about a service, question by question; the newest of a form counts';

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

CREATE SEQUENCE charge_no;
CREATE TABLE charge (
    account_id         text COLLATE "C" NOT NULL,
    service_id         bigint NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('installation', 'renewal', 'usage', 'adjustment', 'discount', 'one-off')),
    part               text COLLATE "C" NOT NULL DEFAULT '' CHECK (part ~ '^[A-Za-z0-9._:-]{0,80}$'),
    period_start       date NOT NULL,
    period_end         date NOT NULL,
    charge_no          bigint NOT NULL DEFAULT nextval('charge_no'),
    description        text NOT NULL,
    domain             text NOT NULL DEFAULT '',
    quantity_e4        bigint NOT NULL,
    unit_price_ucents  bigint NOT NULL CHECK (unit_price_ucents >= 0),
    currency           text NOT NULL,
    category           text NOT NULL DEFAULT 'purchase',
    accepted_on        date NOT NULL,
    accepted_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id, kind, part, period_start)
);
COMMENT ON TABLE charge IS 'fact: a priced fact to bill in arrears (accepted_on is the cut-off it counts for); open while no bill_detail bears its key. part tells charges of one kind and period apart (a meter, a discount); service 0 is the account itself. period_end is the last day covered';

CREATE TABLE open_charge (
    account_id    text COLLATE "C" NOT NULL,
    service_id    bigint NOT NULL,
    kind          text NOT NULL,
    part          text COLLATE "C" NOT NULL,
    period_start  date NOT NULL,
    accepted_on   date NOT NULL,
    PRIMARY KEY (account_id, service_id, kind, part, period_start)
);
COMMENT ON TABLE open_charge IS 'charges on no bill yet: a trigger adds each new charge, the run that bills it takes it away; the audit compares with charge and bill_detail';

CREATE FUNCTION open_new_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_charge (account_id, service_id, kind, part, period_start, accepted_on)
    SELECT account_id, service_id, kind, part, period_start, accepted_on FROM fresh;
    RETURN NULL;
END $$;

CREATE TRIGGER charge_opened AFTER INSERT ON charge
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION open_new_charges();

CREATE TABLE credited_charge (
    account_id       text COLLATE "C" NOT NULL,
    service_id       bigint NOT NULL,
    kind             text NOT NULL,
    part             text COLLATE "C" NOT NULL,
    period_start     date NOT NULL,
    note_account_id  text COLLATE "C" NOT NULL,
    note_bill_id     text COLLATE "C" NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (account_id, service_id, kind, part, period_start, note_bill_id)
);
COMMENT ON TABLE credited_charge IS 'fact: so much, net, of a charge below zero was taken back by a credit note on a bill that it comes from, and below 0 what had been let off of it; the charge stands on no bill then';

-- ---------------------------------------------------------------- conditions

CREATE SEQUENCE discount_id START 1;

CREATE TABLE discount (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    discount_id   bigint NOT NULL UNIQUE DEFAULT nextval('discount_id'),
    name          text NOT NULL CHECK (name <> ''),
    share_bp      integer CHECK (share_bp BETWEEN 1 AND 10000),
    amount_minor  bigint CHECK (amount_minor > 0),
    currency      text NOT NULL,
    service_id    bigint,
    plan_code     text COLLATE "C",
    from_on       date NOT NULL,
    end_on        date CHECK (end_on > from_on),
    agreed_by     text NOT NULL,
    agreed_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, discount_id),
    CHECK ((share_bp IS NULL) <> (amount_minor IS NULL)),
    CHECK (service_id IS NULL OR plan_code IS NULL)
);
COMMENT ON TABLE discount IS 'fact: what an account is let off: a share of each line or an amount per period; for one service, one plan or all, from from_on to the day before end_on';

CREATE TABLE discount_end (
    account_id   text COLLATE "C" NOT NULL,
    discount_id  bigint NOT NULL,
    end_on       date NOT NULL,
    ended_by     text NOT NULL,
    ended_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, discount_id, end_on)
);
COMMENT ON TABLE discount_end IS 'fact: the discount ends earlier than was agreed; the first of its ends holds';

CREATE SEQUENCE minimum_spend_id START 1;

CREATE TABLE minimum_spend (
    account_id        text COLLATE "C" NOT NULL REFERENCES account,
    minimum_spend_id  bigint NOT NULL UNIQUE DEFAULT nextval('minimum_spend_id'),
    name              text NOT NULL CHECK (name <> ''),
    amount_minor      bigint NOT NULL CHECK (amount_minor > 0),
    currency          text NOT NULL,
    "interval"        text NOT NULL CHECK ("interval" IN ('month', 'quarter', 'year')),
    whose             text NOT NULL CHECK (whose IN ('account', 'payer')),
    from_on           date NOT NULL,
    end_on            date CHECK (end_on > from_on),
    agreed_by         text NOT NULL,
    agreed_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, minimum_spend_id)
);
COMMENT ON TABLE minimum_spend IS 'fact: an account (or a payer with all that it pays for) is billed at least so much net per interval';

CREATE TABLE minimum_spend_end (
    account_id        text COLLATE "C" NOT NULL,
    minimum_spend_id  bigint NOT NULL,
    end_on            date NOT NULL,
    ended_by          text NOT NULL,
    ended_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, minimum_spend_id, end_on)
);
COMMENT ON TABLE minimum_spend_end IS 'fact: the minimum spend ends earlier than was agreed; the first of its ends holds';
-- ---------------------------------------------------------------- usage

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

-- ---------------------------------------------------------------- bill runs and bills

CREATE SEQUENCE run_id;
CREATE TABLE bill_run (
    run_id           bigint PRIMARY KEY DEFAULT nextval('run_id'),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    period           text NOT NULL CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    status           text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    opened_at        timestamptz NOT NULL DEFAULT instant(),
    closed_at        timestamptz,
    UNIQUE (legal_entity_id, period)
);

CREATE TABLE bill_run_page (
    run_id       bigint NOT NULL,
    page_no      integer NOT NULL,
    payer_first  text COLLATE "C" NOT NULL,
    payer_last   text COLLATE "C" NOT NULL,
    run_on       date NOT NULL,
    bills        bigint NOT NULL,
    details      bigint NOT NULL,
    currency     text NOT NULL,
    net_minor    bigint NOT NULL,
    tax_minor    bigint NOT NULL,
    total_minor  bigint NOT NULL,
    chain_head   bytea NOT NULL,
    written_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (run_id, page_no, currency)
);
COMMENT ON TABLE bill_run_page IS 'fact: control totals of one committed page; chain_head is the SHA-256 over the entry hashes the page wrote, in account order';

CREATE SEQUENCE input_no;

CREATE TABLE bill_run_input (
    run_id      bigint NOT NULL,
    input_no    bigint NOT NULL DEFAULT nextval('input_no'),
    accounts    bigint NOT NULL,
    program     text NOT NULL,
    body        bytea NOT NULL,
    written_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (run_id, input_no)
);
ALTER TABLE bill_run_input ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE bill_run_input IS 'fact: everything that a page of a run was decided by (zlib over msgpack), so that it can be decided again; buyers and the seller are named by the hash of their snapshot, not copied';

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

CREATE TABLE parked_account (
    run_id       bigint NOT NULL,
    account_id   text COLLATE "C" NOT NULL,
    problems     jsonb NOT NULL,
    parked_at    timestamptz NOT NULL DEFAULT instant(),
    resolved_at  timestamptz,
    PRIMARY KEY (run_id, account_id)
);

COMMENT ON COLUMN parked_account.problems IS 'what has to be mended: code, message and where, the rule of a standard, and the message in French';

CREATE TABLE proven_form (
    seller_hash  bytea NOT NULL,
    form         text COLLATE "C" NOT NULL CHECK (form <> ''),
    rules        text COLLATE "C" NOT NULL CHECK (rules <> ''),
    proven_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (seller_hash, form, rules)
);
COMMENT ON TABLE proven_form IS 'fact: a draft of that seller (as printed) and form (VAT case, currency, language, payment) passed the official rules; rules: their version and that of the program that writes the files';

CREATE TABLE held_bill (
    account_id    text COLLATE "C" NOT NULL,
    run_id        bigint NOT NULL,
    amount_minor  bigint NOT NULL,
    currency      text NOT NULL,
    reason        text NOT NULL,
    held_on       date NOT NULL,
    until_on      date NOT NULL,
    released_at   timestamptz,
    PRIMARY KEY (account_id, run_id, reason, currency)
);
COMMENT ON TABLE held_bill IS 'accrued, not billed: a draft held before its number because its purchase order is missing, expired or spent';

CREATE TABLE snapshot (
    snapshot_hash  bytea PRIMARY KEY,
    body           jsonb NOT NULL
);
COMMENT ON TABLE snapshot IS 'fact: a seller, buyer or payer as printed on bills, named by the SHA-256 of its canonical JSON';

CREATE SEQUENCE order_id START 100000000;
CREATE TABLE bill (
    account_id               text COLLATE "C" NOT NULL,
    bill_id                  text COLLATE "C" NOT NULL,
    order_id                 bigint NOT NULL,
    kind                     text NOT NULL CHECK (kind IN ('bill', 'credit-note', 'corrective', 'claim', 'down-payment')),
    corrects_bill_id         text COLLATE "C",
    legal_entity_id          text COLLATE "C" NOT NULL,
    payer_id                 text COLLATE "C" NOT NULL,
    run_id                   bigint,
    category                 text NOT NULL,
    issued_on                date NOT NULL,
    issued_at                timestamptz NOT NULL,
    term_days                integer NOT NULL,
    term_method              text NOT NULL,
    term_grant_id            bigint,
    due_on                   date NOT NULL,
    currency                 text NOT NULL,
    net_minor                bigint NOT NULL CHECK (net_minor >= 0),
    tax_minor                bigint NOT NULL CHECK (tax_minor >= 0),
    total_minor              bigint NOT NULL CHECK (total_minor = net_minor + tax_minor),
    billing_group_id         bigint,
    purchase_order_account   text COLLATE "C",
    purchase_order_id        bigint,
    purchase_order_reference text,
    purchase_order_type      text,
    payment_reference        text COLLATE "C" NOT NULL,
    payment_means            text NOT NULL DEFAULT 'transfer',
    language                 text NOT NULL,
    note                     text NOT NULL DEFAULT '',
    seller_hash              bytea NOT NULL,
    buyer_hash               bytea NOT NULL,
    payer_hash               bytea,
    cost_account             text NOT NULL DEFAULT '',
    contract                 text NOT NULL DEFAULT '',
    debit_hash               bytea,
    collected_on             date,
    prepaid_minor            bigint NOT NULL DEFAULT 0,
    accounting_currency      text,
    accounting_tax_minor     bigint,
    exchange_e8              bigint,
    exchanged_on             date,
    CONSTRAINT bill_prepaid CHECK (prepaid_minor BETWEEN 0 AND total_minor),
    CONSTRAINT bill_debit CHECK ((debit_hash IS NULL) = (collected_on IS NULL)),
    CONSTRAINT bill_exchange CHECK (num_nonnulls(accounting_currency, accounting_tax_minor, exchange_e8, exchanged_on) IN (0, 4) AND exchange_e8 > 0),
    CHECK ((kind IN ('bill', 'claim', 'down-payment')) = (corrects_bill_id IS NULL)),
    PRIMARY KEY (account_id, bill_id)
);
CREATE INDEX bill_date ON bill (account_id, issued_at, bill_id);
CREATE INDEX bill_by_order ON bill (account_id, order_id);
CREATE INDEX bill_run_of ON bill (run_id) WHERE run_id IS NOT NULL;
COMMENT ON COLUMN bill.debit_hash IS 'the copy of the mandate that it is collected under';
COMMENT ON COLUMN bill.collected_on IS 'the day on which the payer is told that its account is debited';
COMMENT ON COLUMN bill.prepaid_minor IS 'what credit or earlier money paid as it was issued';
COMMENT ON COLUMN bill.exchange_e8 IS '1e-8 units of the bill''s currency per unit of the accounting currency, as published on exchanged_on';
COMMENT ON TABLE bill IS 'fact: an issued bill, credit note (amounts positive, the kind gives the direction), corrective bill, claim of late interest and recovery fees, or down payment for a supply to come';

CREATE TABLE bill_detail (
    account_id              text COLLATE "C" NOT NULL,
    bill_id                 text COLLATE "C" NOT NULL,
    detail_no               integer NOT NULL,
    service_id              bigint NOT NULL,
    kind                    text NOT NULL,
    part                    text COLLATE "C" NOT NULL DEFAULT '',
    correction_no           integer NOT NULL DEFAULT 0,
    domain                  text NOT NULL,
    description             text NOT NULL,
    quantity_e4             bigint NOT NULL,
    unit_price_ucents       bigint NOT NULL CHECK (unit_price_ucents >= 0),
    net_minor               bigint NOT NULL,
    vat_category            text NOT NULL,
    vat_rate_bp             integer NOT NULL,
    period_start            date NOT NULL,
    period_end              date NOT NULL,
    purchase_order_line_no  integer,
    owner_id                text COLLATE "C",
    purchase_order_item     text NOT NULL DEFAULT '',
    cost_account            text NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, bill_id, detail_no)
);
CREATE UNIQUE INDEX bill_detail_charge ON bill_detail
    ((coalesce(owner_id, account_id)), service_id, kind, part, period_start, correction_no);
COMMENT ON COLUMN bill_detail.owner_id IS 'on a shared bill the sub-account whose charge it is; null: the bill''s own account';
COMMENT ON COLUMN bill_detail.purchase_order_item IS 'what the order calls the line that covers it (BT-132)';
COMMENT ON COLUMN bill_detail.cost_account IS 'the buyer''s, where it is another than the bill''s (BT-133)';
COMMENT ON TABLE bill_detail IS 'fact: one line of a bill; a charge is billed once: unique (owner, service, kind, part, start of its period) per correction. period_end is the last day covered';

CREATE TABLE bill_slice (
    account_id  text COLLATE "C" NOT NULL,
    bill_id     text COLLATE "C" NOT NULL,
    slice_no    integer NOT NULL,
    owner_id    text COLLATE "C" NOT NULL,
    name        text NOT NULL,
    net_minor   bigint NOT NULL,
    tax_minor   bigint NOT NULL,
    PRIMARY KEY (account_id, bill_id, slice_no)
);
CREATE INDEX bill_slice_owner ON bill_slice (owner_id, bill_id);
COMMENT ON TABLE bill_slice IS 'fact: what of a shared bill is of one account (its own account among them), with its name as printed; the slices add up to the bill';

CREATE TABLE bill_sharing (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    sharing_no  bigint GENERATED ALWAYS AS IDENTITY,
    from_on     date NOT NULL,
    is_shared   boolean NOT NULL,
    set_by      text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, from_on, sharing_no)
);
COMMENT ON TABLE bill_sharing IS 'fact: from that day on a parent and its sub-accounts of the same legal party share one bill, or no longer; of one day the last row holds';

CREATE TABLE bill_tax (
    account_id      text COLLATE "C" NOT NULL,
    bill_id         text COLLATE "C" NOT NULL,
    vat_category    text NOT NULL,
    vat_rate_bp     integer NOT NULL,
    net_minor       bigint NOT NULL,
    tax_minor       bigint NOT NULL,
    exemption_code  text NOT NULL DEFAULT '',
    exemption_text  text NOT NULL DEFAULT '',
    accounting_net_minor  bigint,
    accounting_tax_minor  bigint,
    PRIMARY KEY (account_id, bill_id, vat_category, vat_rate_bp)
);
COMMENT ON COLUMN bill_tax.accounting_tax_minor IS 'the same in the currency of the seller''s VAT accounts, where the bill has another';
COMMENT ON TABLE bill_tax IS 'fact: the VAT of a bill per category and rate, rounded once on the summed net';

CREATE TABLE bill_number (
    bill_id          text COLLATE "C" PRIMARY KEY,
    series_id        text COLLATE "C" NOT NULL,
    number           bigint NOT NULL,
    account_id       text COLLATE "C" NOT NULL,
    issued_on        date NOT NULL,
    UNIQUE (series_id, number)
);
COMMENT ON TABLE bill_number IS 'fact: the register of numbers: which account a number belongs to';

CREATE TABLE bill_order (
    account_id  text COLLATE "C" NOT NULL,
    order_id    bigint NOT NULL,
    bill_id     text COLLATE "C" NOT NULL,
    ordered_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, order_id)
);
COMMENT ON TABLE bill_order IS 'fact: the order behind a bill; every bill has one';

CREATE TABLE down_payment (
    account_id      text COLLATE "C" NOT NULL,
    bill_id         text COLLATE "C" NOT NULL,
    for_order_id    bigint,
    for_service_id  bigint,
    CHECK (num_nonnulls(for_order_id, for_service_id) <= 1),
    PRIMARY KEY (account_id, bill_id)
);
CREATE INDEX down_payment_order ON down_payment (account_id, for_order_id) WHERE for_order_id IS NOT NULL;
COMMENT ON TABLE down_payment IS 'fact: what a bill of kind down-payment was asked for: an order, a service or, neither, whatever the account is billed';

CREATE TABLE down_payment_use (
    account_id     text COLLATE "C" NOT NULL,
    bill_id        text COLLATE "C" NOT NULL,
    use_no         integer NOT NULL CHECK (use_no > 0),
    kind           text NOT NULL CHECK (kind IN ('deducted', 'returned', 'credited')),
    by_account_id  text COLLATE "C" NOT NULL,
    by_bill_id     text COLLATE "C" NOT NULL,
    net_minor      bigint NOT NULL,
    CHECK ((kind = 'returned') = (net_minor < 0) AND net_minor <> 0),
    PRIMARY KEY (account_id, bill_id, use_no)
);
CREATE INDEX down_payment_use_by ON down_payment_use (by_account_id, by_bill_id);
COMMENT ON TABLE down_payment_use IS 'fact: so much of a down payment, net, a bill deducted, came back with the credit note of that bill, or was taken back by a credit note of its own';

CREATE FUNCTION refuse_overused_down_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT u.account_id, u.bill_id, sum(u.net_minor) AS used_minor, min(b.net_minor) AS net_minor INTO broken
      FROM down_payment_use u
      LEFT JOIN bill b ON b.account_id = u.account_id AND b.bill_id = u.bill_id AND b.kind = 'down-payment'
     WHERE (u.account_id, u.bill_id) IN (SELECT account_id, bill_id FROM fresh)
     GROUP BY u.account_id, u.bill_id
    HAVING sum(u.net_minor) NOT BETWEEN 0 AND coalesce(min(b.net_minor), -1)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'of down payment % of account % would be used %, it is of %', broken.bill_id, broken.account_id, broken.used_minor, broken.net_minor
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER down_payment_used AFTER INSERT ON down_payment_use
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_overused_down_payment();

CREATE TABLE document (
    account_id   text COLLATE "C" NOT NULL,
    bill_id      text COLLATE "C" NOT NULL,
    form         text NOT NULL CHECK (form IN ('pdf', 'cii', 'ubl')),
    sha256       text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes   bigint NOT NULL,
    rendered_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, bill_id, form)
);
COMMENT ON TABLE document IS 'fact: a paper rendered once; its bytes are in the archive under sha256';

-- ---------------------------------------------------------------- debts and money

CREATE TABLE debt (
    account_id    text COLLATE "C" NOT NULL,
    debt_id       bigint NOT NULL,
    bill_id       text COLLATE "C" NOT NULL,
    payer_id      text COLLATE "C" NOT NULL,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor >= 0),
    opened_at     timestamptz NOT NULL,
    due_on        date NOT NULL,
    PRIMARY KEY (account_id, debt_id)
);
CREATE UNIQUE INDEX debt_bill ON debt (account_id, bill_id);
CREATE INDEX debt_payer ON debt (payer_id, due_on);
COMMENT ON TABLE debt IS 'fact: what is owed on one bill; debt_id is the order id. Amounts and status are derived from its operations and the business date';

CREATE SEQUENCE operation_id START 1000;
CREATE TABLE debt_operation (
    account_id     text COLLATE "C" NOT NULL,
    debt_id        bigint NOT NULL,
    operation_id   bigint NOT NULL DEFAULT nextval('operation_id'),
    kind           text NOT NULL CHECK (kind IN ('payment', 'credit', 'write-off', 'returned', 'reopened')),
    means          text NOT NULL CHECK (means IN ('transfer', 'direct-debit', 'card', 'credit-note', 'credit-balance', 'loss', 'set-off')),
    automatic      boolean NOT NULL DEFAULT false,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    effect_minor   bigint NOT NULL GENERATED ALWAYS AS
                   (CASE WHEN kind IN ('returned', 'reopened') THEN amount_minor ELSE -amount_minor END) STORED,
    deposit_payer  text COLLATE "C",
    deposit_id     text COLLATE "C",
    reverses_id    bigint,
    occurred_on    date NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT instant(),
    reason         text NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, debt_id, operation_id)
);
CREATE INDEX debt_operation_recorded ON debt_operation (account_id, recorded_at);
CREATE INDEX debt_operation_deposit ON debt_operation (deposit_payer, deposit_id) WHERE deposit_id IS NOT NULL;
COMMENT ON TABLE debt_operation IS 'fact: one event on a debt; payments, credits and write-offs reduce it, returns and reopenings raise it again';

CREATE TABLE deposit (
    account_id       text COLLATE "C" NOT NULL,
    deposit_id       text COLLATE "C" NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    order_id         bigint NOT NULL,
    received_on      date NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    currency         text NOT NULL,
    means            text NOT NULL,
    bank_reference   text NOT NULL DEFAULT '',
    label            text NOT NULL DEFAULT '',
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, deposit_id)
);
CREATE INDEX deposit_bank_reference ON deposit (bank_reference) WHERE bank_reference <> '';
CREATE INDEX deposit_recorded ON deposit (account_id, recorded_at, deposit_id);
COMMENT ON TABLE deposit IS 'fact: receipt for money received from a payer';

CREATE TABLE open_debt (
    account_id  text COLLATE "C" NOT NULL,
    debt_id     bigint NOT NULL,
    bill_id     text COLLATE "C" NOT NULL,
    payer_id    text COLLATE "C" NOT NULL,
    currency    text NOT NULL,
    due_on      date NOT NULL,
    open_minor  bigint NOT NULL,
    PRIMARY KEY (account_id, debt_id)
);
CREATE INDEX open_debt_payer ON open_debt (payer_id, due_on);
COMMENT ON TABLE open_debt IS 'debts on which something is open, and how much: triggers follow debts and operations; the audit compares';

CREATE FUNCTION open_new_debts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_debt (account_id, debt_id, bill_id, payer_id, currency, due_on, open_minor)
    SELECT account_id, debt_id, bill_id, payer_id, currency, due_on, amount_minor FROM fresh WHERE amount_minor > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER debt_opened AFTER INSERT ON debt
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION open_new_debts();

CREATE TABLE open_deposit (
    account_id  text COLLATE "C" NOT NULL,
    deposit_id  text COLLATE "C" NOT NULL,
    currency    text NOT NULL,
    left_minor  bigint NOT NULL,
    PRIMARY KEY (account_id, deposit_id)
);
COMMENT ON TABLE open_deposit IS 'deposits that operations on debts did not use up, and what they left: triggers follow deposits and operations; the audit compares';

CREATE FUNCTION open_new_deposits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_deposit (account_id, deposit_id, currency, left_minor)
    SELECT account_id, deposit_id, currency, amount_minor FROM fresh;
    RETURN NULL;
END $$;

CREATE TRIGGER deposit_opened AFTER INSERT ON deposit
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION open_new_deposits();

CREATE FUNCTION count_operations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH moved AS MATERIALIZED (
         SELECT account_id, debt_id, sum(effect_minor) AS effect_minor FROM fresh GROUP BY account_id, debt_id
         ), closed AS (
         DELETE FROM open_debt o USING moved m
          WHERE o.account_id = m.account_id AND o.debt_id = m.debt_id AND o.open_minor + m.effect_minor = 0
         RETURNING o.account_id, o.debt_id)
    INSERT INTO open_debt AS o (account_id, debt_id, bill_id, payer_id, currency, due_on, open_minor)
    SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency, d.due_on, m.effect_minor
      FROM moved m
      JOIN debt d ON d.account_id = m.account_id AND d.debt_id = m.debt_id
     WHERE m.effect_minor <> 0
       AND NOT EXISTS (SELECT FROM closed c WHERE c.account_id = m.account_id AND c.debt_id = m.debt_id)
        ON CONFLICT (account_id, debt_id) DO UPDATE SET open_minor = o.open_minor + excluded.open_minor;

    WITH moved AS MATERIALIZED (
         SELECT deposit_payer AS account_id, deposit_id, sum(effect_minor) AS effect_minor
           FROM fresh
          WHERE deposit_id IS NOT NULL AND kind <> 'returned'
          GROUP BY deposit_payer, deposit_id
         ), closed AS (
         DELETE FROM open_deposit o USING moved m
          WHERE o.account_id = m.account_id AND o.deposit_id = m.deposit_id
            AND o.left_minor + m.effect_minor = 0
         RETURNING o.account_id, o.deposit_id)
    INSERT INTO open_deposit AS o (account_id, deposit_id, currency, left_minor)
    SELECT d.account_id, d.deposit_id, d.currency, m.effect_minor
      FROM moved m
      JOIN deposit d ON d.account_id = m.account_id AND d.deposit_id = m.deposit_id
     WHERE m.effect_minor <> 0
       AND NOT EXISTS (SELECT FROM closed c
                        WHERE c.account_id = m.account_id AND c.deposit_id = m.deposit_id)
        ON CONFLICT (account_id, deposit_id) DO UPDATE SET left_minor = o.left_minor + excluded.left_minor;
    RETURN NULL;
END $$;

CREATE TRIGGER debt_operation_counted AFTER INSERT ON debt_operation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_operations();

CREATE TABLE deposit_by_hand (
    account_id       text COLLATE "C" NOT NULL,
    deposit_id       text COLLATE "C" NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, deposit_id),
    FOREIGN KEY (account_id, deposit_id) REFERENCES deposit
);
CREATE INDEX deposit_by_hand_of ON deposit_by_hand (legal_entity_id, account_id, deposit_id);
COMMENT ON TABLE deposit_by_hand IS 'fact: a person recorded a deposit; a bank may tell of its money later, and then it is linked (bank_own), not booked again';

CREATE SEQUENCE credit_movement_id START 1;

CREATE TABLE credit_movement (
    account_id        text COLLATE "C" NOT NULL REFERENCES account,
    movement_id       bigint NOT NULL DEFAULT nextval('credit_movement_id'),
    balance           text NOT NULL CHECK (balance <> ''),
    type              text NOT NULL CHECK (type IN ('VOUCHER', 'BONUS', 'PREPAID_ACCOUNT', 'DEPOSIT', 'POINTS')),
    currency          text NOT NULL,
    amount_minor      bigint NOT NULL CHECK (amount_minor <> 0),
    lot_id            bigint NOT NULL,
    expires_on        date,
    source            text NOT NULL DEFAULT '',
    deposit_id        text COLLATE "C",
    debt_account_id   text COLLATE "C",
    debt_id           bigint,
    operation_id      bigint,
    occurred_on       date NOT NULL,
    recorded_by       text NOT NULL,
    recorded_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, movement_id),
    CHECK (CASE WHEN lot_id = movement_id THEN operation_id IS NULL
                ELSE operation_id IS NOT NULL OR (amount_minor < 0 AND deposit_id IS NOT NULL) END),
    CHECK ((operation_id IS NULL) = (debt_id IS NULL)),
    CHECK (lot_id <> movement_id OR amount_minor > 0)
);
CREATE INDEX credit_movement_lot ON credit_movement (account_id, lot_id);
CREATE INDEX credit_movement_deposit ON credit_movement (account_id, deposit_id) WHERE deposit_id IS NOT NULL;
COMMENT ON TABLE credit_movement IS 'fact: credit that a payer got (a lot: lot_id is its own id), and every use of a lot by a debt operation (negative) or its giving back (positive); without operation and negative: money that was credit by mistake is unapplied again. POINTS: money behind points that were bought; it pays nothing until they are used';

CREATE SEQUENCE cart_line_id START 1000;
CREATE SEQUENCE configuration_id START 1000;
CREATE TABLE cart (
    account_id       text COLLATE "C" REFERENCES account,
    cart_id          text COLLATE "C" PRIMARY KEY,
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    description      text NOT NULL DEFAULT '',
    expires_at       timestamptz NOT NULL,
    order_id         bigint,
    created_at       timestamptz NOT NULL DEFAULT instant()
);
CREATE INDEX cart_account ON cart (account_id, cart_id) WHERE account_id IS NOT NULL;
CREATE INDEX cart_left_behind ON cart (expires_at) WHERE account_id IS NULL;
COMMENT ON TABLE cart IS 'a draft: what somebody looks at before ordering; without account until it is assigned, then that account''s alone. order_id: what it became, it changes no more';

CREATE TABLE cart_line (
    cart_id         text COLLATE "C" NOT NULL REFERENCES cart ON DELETE CASCADE,
    line_id         bigint NOT NULL UNIQUE DEFAULT nextval('cart_line_id'),
    parent_line_id  bigint,
    plan_code       text COLLATE "C" NOT NULL,
    pricing_mode    text NOT NULL,
    renewal_months  integer NOT NULL CHECK (renewal_months > 0),
    quantity        bigint NOT NULL CHECK (quantity > 0),
    told            jsonb NOT NULL,
    PRIMARY KEY (cart_id, line_id)
);
COMMENT ON TABLE cart_line IS 'a plan or an option in a cart; told: the prices that were shown for it, so that a change until the order is said';

CREATE TABLE cart_configuration (
    cart_id           text COLLATE "C" NOT NULL,
    line_id           bigint NOT NULL,
    configuration_id  bigint NOT NULL UNIQUE DEFAULT nextval('configuration_id'),
    label             text NOT NULL,
    value             text NOT NULL,
    PRIMARY KEY (cart_id, configuration_id),
    UNIQUE (cart_id, line_id, label),
    FOREIGN KEY (cart_id, line_id) REFERENCES cart_line ON DELETE CASCADE
);
COMMENT ON TABLE cart_configuration IS 'what a line of a cart is to be like: a label and a value that its catalogue names';

CREATE TABLE service_order (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    order_id         bigint NOT NULL UNIQUE DEFAULT nextval('order_id'),
    cart_id          text COLLATE "C" UNIQUE,
    currency         text NOT NULL,
    net_minor        bigint NOT NULL CHECK (net_minor >= 0),
    tax_minor        bigint NOT NULL CHECK (tax_minor >= 0),
    total_minor      bigint NOT NULL CHECK (total_minor = net_minor + tax_minor),
    ordered_on       date NOT NULL,
    expires_on       date NOT NULL CHECK (expires_on > ordered_on),
    ordered_by       text NOT NULL,
    ordered_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, order_id)
);
COMMENT ON TABLE service_order IS 'fact: an account ordered what was in a cart, or (without one) that services be renewed ahead, at these prices; unpaid it lapses on expires_on';

CREATE TABLE service_order_line (
    account_id      text COLLATE "C" NOT NULL,
    order_id        bigint NOT NULL,
    line_no         integer NOT NULL,
    cart_line_id    bigint,
    plan_code       text COLLATE "C" NOT NULL,
    pricing_mode    text NOT NULL,
    renewal_months  integer NOT NULL CHECK (renewal_months > 0),
    quantity        bigint NOT NULL CHECK (quantity > 0),
    options         text[] NOT NULL,
    configurations  jsonb NOT NULL,
    service_id      bigint,
    from_on         date,
    periods         integer CHECK (periods > 0),
    PRIMARY KEY (account_id, order_id, line_no),
    CONSTRAINT service_order_line_renewal CHECK ((cart_line_id IS NULL) = (service_id IS NOT NULL)
               AND (service_id IS NULL) = (from_on IS NULL) AND (service_id IS NULL) = (periods IS NULL))
);
COMMENT ON TABLE service_order_line IS 'fact: one plan with its options that an order asks for, which becomes a service when it is paid; or a service that is renewed from from_on for so many periods';

CREATE TABLE service_order_detail (
    account_id         text COLLATE "C" NOT NULL,
    order_id           bigint NOT NULL,
    detail_no          integer NOT NULL,
    line_no            integer NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('installation', 'period', 'renewal')),
    plan_code          text COLLATE "C" NOT NULL,
    pricing_mode       text NOT NULL,
    renewal_months     integer NOT NULL,
    description        text NOT NULL,
    quantity           bigint NOT NULL CHECK (quantity > 0),
    unit_price_ucents  bigint NOT NULL CHECK (unit_price_ucents >= 0),
    full_price_ucents  bigint NOT NULL CHECK (full_price_ucents >= unit_price_ucents),
    promotion          text NOT NULL DEFAULT '',
    net_minor          bigint NOT NULL,
    PRIMARY KEY (account_id, order_id, detail_no)
);
COMMENT ON TABLE service_order_detail IS 'fact: what one part of an ordered line costs once or for its first period; the details add up to the net of the order';

CREATE TABLE service_order_payment (
    account_id         text COLLATE "C" NOT NULL,
    order_id           bigint NOT NULL,
    means              text NOT NULL CHECK (means IN ('terms', 'free', 'points')),
    payment_method_id  bigint,
    paid_on            date NOT NULL,
    paid_by            text NOT NULL,
    paid_at            timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, order_id),
    CHECK ((means = 'terms') = (payment_method_id IS NOT NULL))
);
COMMENT ON TABLE service_order_payment IS 'fact: an order was put on the payment term of its payer, was paid with points or costs nothing; in that moment its services began';

CREATE TABLE service_order_service (
    account_id  text COLLATE "C" NOT NULL,
    order_id    bigint NOT NULL,
    line_no     integer NOT NULL,
    service_id  bigint NOT NULL,
    from_on     date,
    until_on    date,
    PRIMARY KEY (account_id, order_id, service_id),
    CONSTRAINT service_order_service_renewed CHECK ((from_on IS NULL) = (until_on IS NULL) AND from_on <= until_on)
);
COMMENT ON TABLE service_order_service IS 'fact: which services a paid order made, the plan of a line and its options; or which it renewed, from from_on until before until_on';

CREATE TABLE payment_order (
    account_id    text COLLATE "C" NOT NULL,
    order_id      bigint NOT NULL UNIQUE DEFAULT nextval('order_id'),
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    ordered_at    timestamptz NOT NULL DEFAULT instant(),
    ordered_by    text NOT NULL,
    PRIMARY KEY (account_id, order_id)
);
COMMENT ON TABLE payment_order IS 'fact: an account asked to pay what it owes; the order''s page says how';

CREATE TABLE payment_order_debt (
    account_id    text COLLATE "C" NOT NULL,
    order_id      bigint NOT NULL,
    debt_id       bigint NOT NULL,
    bill_id       text COLLATE "C" NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, order_id, debt_id)
);
COMMENT ON TABLE payment_order_debt IS 'fact: what was open of one debt when its payment was asked for';

CREATE TABLE prepay_order (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    order_id      bigint NOT NULL UNIQUE DEFAULT nextval('order_id'),
    reference     text COLLATE "C" NOT NULL UNIQUE,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    ordered_by    text NOT NULL,
    ordered_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, order_id)
);
COMMENT ON TABLE prepay_order IS 'fact: an account ordered so much credit for its prepaid account; a transfer of the amount with the reference pays it';

CREATE TABLE prepay_order_paid (
    account_id   text COLLATE "C" NOT NULL,
    order_id     bigint NOT NULL,
    movement_id  bigint NOT NULL,
    PRIMARY KEY (account_id, order_id),
    UNIQUE (account_id, movement_id),
    FOREIGN KEY (account_id, order_id) REFERENCES prepay_order,
    FOREIGN KEY (account_id, movement_id) REFERENCES credit_movement
);
COMMENT ON TABLE prepay_order_paid IS 'which lot of credit the money of such an order is; gone when the match of that money is undone, then the order is open again';

CREATE TABLE prepaid_alert (
    account_id       text COLLATE "C" PRIMARY KEY REFERENCES account,
    threshold_minor  bigint NOT NULL CHECK (threshold_minor >= 0),
    is_warned        boolean NOT NULL DEFAULT false,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE prepaid_alert IS 'below which balance a payer wants a letter about its prepaid account; is_warned until the balance is back';

CREATE VIEW prepaid_standing AS
    SELECT a.account_id, c.legal_entity_id, c.currency, c.email, c.language, a.threshold_minor, a.is_warned,
           b.balance_minor
      FROM prepaid_alert a
      JOIN account c ON c.account_id = a.account_id
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(m.amount_minor), 0)::bigint AS balance_minor
             FROM credit_movement m
            WHERE m.account_id = a.account_id AND m.type = 'PREPAID_ACCOUNT' AND m.currency = c.currency) b;
COMMENT ON VIEW prepaid_standing IS 'each prepaid account with a threshold, and what is left on it';

CREATE SEQUENCE export_id;
CREATE TABLE bill_export (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    export_id     bigint NOT NULL UNIQUE DEFAULT nextval('export_id'),
    archive_type  text NOT NULL CHECK (archive_type IN ('zip', 'csv')),
    bill_ids      text[] NOT NULL,
    email         text NOT NULL,
    origin        text NOT NULL,
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT instant(),
    sha256        text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    built_at      timestamptz,
    PRIMARY KEY (account_id, export_id),
    CHECK ((sha256 IS NULL) = (built_at IS NULL))
);
COMMENT ON TABLE bill_export IS 'an archive of bills that an account asked for; built by the worker, sent as a link';

CREATE SEQUENCE usage_report_id START 1000;
CREATE TABLE usage_report (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    report_id   bigint NOT NULL UNIQUE DEFAULT nextval('usage_report_id'),
    from_on     date NOT NULL,
    until_on    date NOT NULL,
    asked_by    text NOT NULL,
    asked_at    timestamptz NOT NULL DEFAULT instant(),
    sha256      text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    built_at    timestamptz,
    PRIMARY KEY (account_id, report_id),
    CHECK (until_on >= from_on),
    CHECK ((sha256 IS NULL) = (built_at IS NULL))
);
CREATE INDEX usage_report_waiting ON usage_report (report_id) WHERE sha256 IS NULL;
COMMENT ON TABLE usage_report IS 'a report on the use of the months that begin between two days, which an account asked for; built by the worker, read by a link';

CREATE SEQUENCE dispute_id;
CREATE TABLE dispute (
    account_id    text COLLATE "C" NOT NULL,
    dispute_id    bigint NOT NULL DEFAULT nextval('dispute_id'),
    bill_id       text COLLATE "C" NOT NULL,
    detail_no     integer,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    reason        text NOT NULL,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'credited', 'corrected', 'rejected')),
    opened_by     text NOT NULL,
    opened_at     timestamptz NOT NULL DEFAULT instant(),
    deadline_on   date NOT NULL,
    closed_by     text,
    closed_at     timestamptz,
    outcome       text NOT NULL DEFAULT '',
    owner         text,
    settled_by    text,
    PRIMARY KEY (account_id, dispute_id)
);
CREATE INDEX dispute_bill ON dispute (account_id, bill_id);
CREATE INDEX dispute_open ON dispute (deadline_on, dispute_id) WHERE state = 'open';

-- ---------------------------------------------------------------- banks

CREATE TABLE bank_account (
    iban             text COLLATE "C" PRIMARY KEY CHECK (iban ~ '^[A-Z0-9]{5,34}$'),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    name             text NOT NULL DEFAULT '',
    added_by         text NOT NULL,
    added_at         timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE bank_account IS 'accounts at banks that a legal entity has beside the one that its bills name';

CREATE TABLE bank_setting (
    legal_entity_id        text COLLATE "C" PRIMARY KEY REFERENCES legal_entity,
    approval_above_minor   bigint CHECK (approval_above_minor >= 0),
    short_tolerance_minor  bigint NOT NULL CHECK (short_tolerance_minor >= 0),
    set_by                 text NOT NULL,
    set_at                 timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE bank_setting IS 'above which amount a match by hand needs a second operator (null: never), and how much may be missing for a write-off to be proposed';

CREATE TABLE suspense_account (
    legal_entity_id  text COLLATE "C" PRIMARY KEY REFERENCES legal_entity,
    account_id       text COLLATE "C" NOT NULL UNIQUE REFERENCES account
);
COMMENT ON TABLE suspense_account IS 'fact: the account in whose chain of entries the money of unknown payers is booked';

CREATE TABLE bank_file (
    sha256       text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    name         text NOT NULL,
    form         text NOT NULL,
    statements   integer NOT NULL,
    entries      bigint NOT NULL,
    imported_by  text NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE bank_file IS 'fact: a file of a bank of which everything is booked';

CREATE SEQUENCE bank_statement_id;
CREATE TABLE bank_statement (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    statement_id     bigint NOT NULL UNIQUE DEFAULT nextval('bank_statement_id'),
    iban             text COLLATE "C" NOT NULL,
    form             text NOT NULL CHECK (form IN ('camt.052', 'camt.053', 'camt.054', 'csv')),
    external_id      text NOT NULL,
    number           text NOT NULL,
    from_on          date,
    until_on         date,
    currency         text NOT NULL,
    opening_minor    bigint,
    closing_minor    bigint,
    told             bigint NOT NULL,
    again            bigint NOT NULL,
    moved_minor      bigint NOT NULL,
    sha256           text NOT NULL,
    imported_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, statement_id),
    CHECK (opening_minor + moved_minor = closing_minor)
);
CREATE UNIQUE INDEX bank_statement_told ON bank_statement
    (iban, form, external_id, (coalesce(until_on, 'infinity')), (coalesce(opening_minor, 0)));
COMMENT ON TABLE bank_statement IS 'fact: what a bank told about one account and period; of the entries told, so many were known already';

CREATE SEQUENCE bank_entry_id;
CREATE TABLE bank_entry (
    legal_entity_id    text COLLATE "C" NOT NULL,
    entry_id           bigint NOT NULL DEFAULT nextval('bank_entry_id'),
    statement_id       bigint NOT NULL,
    place              text NOT NULL,
    direction          text NOT NULL CHECK (direction IN ('credit', 'debit')),
    amount_minor       bigint NOT NULL CHECK (amount_minor >= 0),
    currency           text NOT NULL,
    booked_on          date NOT NULL,
    value_on           date,
    bank_reference     text NOT NULL,
    batch_reference    text NOT NULL,
    end_to_end_id      text NOT NULL,
    transaction_id     text NOT NULL,
    mandate_id         text NOT NULL,
    payer_name         text NOT NULL,
    payer_iban         text COLLATE "C" NOT NULL,
    ultimate_name      text NOT NULL,
    own_iban           text COLLATE "C" NOT NULL,
    "references"       text[] NOT NULL,
    text               text NOT NULL,
    code               text NOT NULL,
    is_reversal        boolean NOT NULL,
    return_code        text NOT NULL,
    return_text        text NOT NULL,
    charges_minor      bigint NOT NULL,
    original_minor     bigint,
    original_currency  text NOT NULL,
    file_references    text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (legal_entity_id, entry_id)
);
COMMENT ON COLUMN bank_entry.file_references IS 'what the entry repeats of a file that was sent to the bank: its block (PmtInfId), then its number (MsgId)';
COMMENT ON TABLE bank_entry IS 'fact: one movement on an account at a bank, booked once however often it is told';

CREATE TABLE bank_telling (
    statement_id  bigint NOT NULL,
    place         text NOT NULL,
    form          text NOT NULL,
    bank_key      bytea,
    batch_key     bytea,
    told_key      bytea NOT NULL,
    entry_id      bigint NOT NULL,
    PRIMARY KEY (statement_id, place)
);
CREATE INDEX bank_telling_bank_key ON bank_telling (bank_key) WHERE bank_key IS NOT NULL;
CREATE INDEX bank_telling_batch_key ON bank_telling (batch_key) WHERE batch_key IS NOT NULL;
CREATE INDEX bank_telling_told_key ON bank_telling (told_key);
COMMENT ON TABLE bank_telling IS 'fact: a statement told an entry; the keys (SHA-256 cut to 16 bytes) are those by which it is known again';

CREATE TABLE bank_progress (
    legal_entity_id  text COLLATE "C" NOT NULL,
    statement_id     bigint NOT NULL,
    done_id          bigint NOT NULL DEFAULT 0,
    is_done          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (legal_entity_id, statement_id)
);
COMMENT ON TABLE bank_progress IS 'up to which of its entries a statement was matched and booked, so that a stopped import goes on there';

CREATE TABLE bank_inbox (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    since_on         date NOT NULL,
    told             text NOT NULL DEFAULT '',
    PRIMARY KEY (legal_entity_id, entry_id)
);
COMMENT ON COLUMN bank_inbox.told IS 'why an entry that names something of ours waits nevertheless';
COMMENT ON TABLE bank_inbox IS 'entries that wait for a person; the audit compares with bank_move and bank_set_aside';

CREATE TABLE bank_proposal (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    rank             integer NOT NULL CHECK (rank >= 1),
    rule             integer NOT NULL,
    score            integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    reason           text NOT NULL,
    body             jsonb NOT NULL,
    PRIMARY KEY (legal_entity_id, entry_id, rank)
);
COMMENT ON TABLE bank_proposal IS 'what may explain an entry in the inbox, best first; looked for again when debts have changed';

CREATE TABLE bank_move (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    move_no          integer NOT NULL CHECK (move_no >= 1),
    kind             text NOT NULL CHECK (kind IN ('suspense', 'identified', 'deposit', 'withdrawn', 'returned', 'own')),
    account_id       text COLLATE "C" NOT NULL,
    deposit_id       text COLLATE "C",
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    moved_on         date NOT NULL,
    moved_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, entry_id, move_no),
    CHECK ((kind IN ('suspense', 'identified', 'own')) = (deposit_id IS NULL))
);
CREATE INDEX bank_move_withdrawn ON bank_move (account_id, deposit_id) WHERE kind = 'withdrawn';
COMMENT ON TABLE bank_move IS 'fact: where the money of an entry went: into suspense, out of it (identified), to a payer as a deposit, away from that again (withdrawn), back to the bank (returned), or nowhere, as what the entry tells is booked already (own). suspense - identified + deposit - withdrawn + returned + own = the entry';

CREATE SEQUENCE bank_match_no;
CREATE TABLE bank_match (
    legal_entity_id  text COLLATE "C" NOT NULL,
    match_no         bigint NOT NULL DEFAULT nextval('bank_match_no'),
    entry_id         bigint NOT NULL,
    rule             integer NOT NULL,
    is_automatic     boolean NOT NULL,
    score            integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    reason           text NOT NULL,
    matched_by       text NOT NULL,
    matched_on       date NOT NULL,
    matched_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, match_no)
);
CREATE INDEX bank_match_entry ON bank_match (legal_entity_id, entry_id);
COMMENT ON TABLE bank_match IS 'fact: an entry was matched, by which rule, how surely and why; it stands until a bank_unmatch';

CREATE TABLE bank_match_part (
    legal_entity_id  text COLLATE "C" NOT NULL,
    match_no         bigint NOT NULL,
    part_no          integer NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('paid', 'credit-used', 'written-off', 'to-credit', 'returned', 'own')),
    account_id       text COLLATE "C" NOT NULL,
    debt_id          bigint,
    operation_id     bigint,
    movement_id      bigint,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (legal_entity_id, match_no, part_no)
);
COMMENT ON TABLE bank_match_part IS 'fact: what a match did: an operation on a debt, a credit of the payer, or nothing, as the entry tells of a file of ours or a payout (own)';

CREATE TABLE bank_own (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('collected', 'returned', 'refund-paid', 'refund-returned', 'payout', 'deposit')),
    reference        text COLLATE "C" NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor <> 0),
    is_again         boolean NOT NULL,
    PRIMARY KEY (legal_entity_id, entry_id, kind, reference)
);
CREATE UNIQUE INDEX bank_own_once ON bank_own (legal_entity_id, kind, reference) WHERE NOT is_again;
COMMENT ON TABLE bank_own IS 'fact: an entry tells of a debit or refund in a file of ours (EndToEndId), of the payout of an acquirer, or of a deposit that was recorded by hand, whose money is booked with that; is_again when a notification before the statement had told it';

CREATE TABLE bank_unmatch (
    legal_entity_id  text COLLATE "C" NOT NULL,
    match_no         bigint NOT NULL,
    reason           text NOT NULL CHECK (reason <> ''),
    unmatched_by     text NOT NULL,
    unmatched_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, match_no)
);
COMMENT ON TABLE bank_unmatch IS 'fact: a match was undone by new facts; its money waits again';

CREATE SEQUENCE bank_decision_no;
CREATE TABLE bank_decision (
    legal_entity_id  text COLLATE "C" NOT NULL,
    decision_no      bigint NOT NULL DEFAULT nextval('bank_decision_no'),
    kind             text NOT NULL CHECK (kind IN ('match', 'unmatch')),
    entry_id         bigint NOT NULL,
    amount_minor     bigint NOT NULL,
    asked            jsonb NOT NULL,
    asked_by         text NOT NULL,
    asked_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, decision_no)
);
CREATE INDEX bank_decision_entry ON bank_decision (legal_entity_id, entry_id);
COMMENT ON TABLE bank_decision IS 'fact: an operator wants to match or unmatch an entry above the amount that one may decide alone';

CREATE TABLE bank_decision_end (
    legal_entity_id  text COLLATE "C" NOT NULL,
    decision_no      bigint NOT NULL,
    is_approved      boolean NOT NULL,
    ended_by         text NOT NULL,
    ended_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, decision_no)
);
COMMENT ON TABLE bank_decision_end IS 'fact: a second operator approved it, or somebody withdrew it';

CREATE TABLE bank_set_aside (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    reason           text NOT NULL CHECK (reason <> ''),
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, entry_id, set_at)
);
COMMENT ON TABLE bank_set_aside IS 'fact: an entry pays no bill (a fee, money that is not ours); it stays in suspense and waits no longer';

CREATE TABLE payer_iban (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    iban             text COLLATE "C" NOT NULL,
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    match_no         bigint,
    learned_by       text NOT NULL,
    learned_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, iban, account_id)
);
CREATE INDEX payer_iban_end ON payer_iban (legal_entity_id, right(iban, 4));
COMMENT ON TABLE payer_iban IS 'from which account at a bank a payer is known to pay; learned from a match that a person confirmed, forgotten when that is undone';

CREATE TABLE virtual_iban (
    iban             text COLLATE "C" PRIMARY KEY,
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    given_by         text NOT NULL,
    given_at         timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE virtual_iban IS 'an account number that one payer alone is told; the bank books what comes there on the legal entity''s account';

CREATE TABLE payer_group (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    name             text NOT NULL CHECK (name <> ''),
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    added_by         text NOT NULL,
    added_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, name, account_id)
);
CREATE INDEX payer_group_account ON payer_group (account_id);
COMMENT ON TABLE payer_group IS 'payers that pay for one another, as from the account of their holding';

CREATE SEQUENCE bundle_id START 1;
CREATE TABLE bundle (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    bundle_id     bigint NOT NULL UNIQUE DEFAULT nextval('bundle_id'),
    reference     text COLLATE "C" NOT NULL UNIQUE,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    credit_minor  bigint NOT NULL CHECK (credit_minor >= 0),
    made_on       date NOT NULL,
    made_by       text NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, bundle_id)
);
COMMENT ON TABLE bundle IS 'fact: a payer will pay these debts, less so much of its credit, by one transfer with this reference';

CREATE TABLE bundle_part (
    account_id       text COLLATE "C" NOT NULL,
    bundle_id        bigint NOT NULL,
    debt_account_id  text COLLATE "C" NOT NULL,
    debt_id          bigint NOT NULL,
    bill_id          text COLLATE "C" NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, bundle_id, debt_account_id, debt_id)
);
COMMENT ON TABLE bundle_part IS 'fact: what was open of one debt when the bundle was made';

CREATE SEQUENCE remittance_advice_id;
CREATE TABLE remittance_advice (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    advice_id     bigint NOT NULL UNIQUE DEFAULT nextval('remittance_advice_id'),
    sha256        text NOT NULL,
    name          text NOT NULL,
    currency      text NOT NULL,
    total_minor   bigint NOT NULL,
    imported_by   text NOT NULL,
    imported_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, advice_id),
    UNIQUE (account_id, sha256)
);
COMMENT ON TABLE remittance_advice IS 'fact: a payer said which bills a transfer of this total pays';

CREATE TABLE remittance_advice_line (
    account_id    text COLLATE "C" NOT NULL,
    advice_id     bigint NOT NULL,
    line_no       integer NOT NULL,
    bill_id       text COLLATE "C" NOT NULL,
    amount_minor  bigint NOT NULL,
    PRIMARY KEY (account_id, advice_id, line_no)
);
COMMENT ON TABLE remittance_advice_line IS 'fact: one line of a remittance advice; negative for what the payer takes off';
COMMENT ON COLUMN dispute.owner IS 'the operator who answers for it';
COMMENT ON COLUMN dispute.settled_by IS 'the credit note or corrective bill in which it ended';

-- ---------------------------------------------------------------- chasing and giving back

CREATE TABLE dispute_message (
    account_id    text COLLATE "C" NOT NULL,
    dispute_id    bigint NOT NULL,
    message_no    integer NOT NULL CHECK (message_no >= 1),
    body          text NOT NULL,
    file_name     text,
    file_sha256   text CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
    file_bytes    bigint CHECK (file_bytes > 0),
    written_by    text NOT NULL,
    written_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, dispute_id, message_no),
    CHECK ((file_name IS NULL) = (file_sha256 IS NULL)),
    CHECK ((file_name IS NULL) = (file_bytes IS NULL))
);
COMMENT ON TABLE dispute_message IS 'fact: what was said about a dispute; the bytes of a file are in the archive under file_sha256';

CREATE TABLE late_rate (
    country   text NOT NULL,
    from_on   date NOT NULL,
    rate_bp   integer NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
    floor_bp  integer CHECK (floor_bp BETWEEN 0 AND 10000),
    PRIMARY KEY (country, from_on)
);
COMMENT ON TABLE late_rate IS 'the yearly rate of late interest in law from a day on; floor_bp: what a contract may not go below, where it is known. France: main refinancing rate of the European Central Bank (Banque de France, key rates) plus 10 points; three times the legal rate between professionals (orders of each half-year)';

CREATE SEQUENCE dunning_calendar_id;
CREATE TABLE dunning_calendar (
    calendar_id      bigint PRIMARY KEY DEFAULT nextval('dunning_calendar_id'),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    account_id       text COLLATE "C" REFERENCES account,
    steps            jsonb NOT NULL,
    claims           boolean NOT NULL,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant()
);
CREATE INDEX dunning_calendar_of ON dunning_calendar (legal_entity_id, account_id, calendar_id);
COMMENT ON TABLE dunning_calendar IS 'fact: when what is late is chased, for a legal entity or for one payer of it; the newest row holds, one without steps gives a payer back to its legal entity''s. claims: a formal notice claims late interest and fees';

CREATE TABLE dunning_text (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    language         text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    kind             text NOT NULL,
    text_no          integer NOT NULL CHECK (text_no >= 1),
    subject          text NOT NULL,
    body             text NOT NULL,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, language, kind, text_no)
);
COMMENT ON TABLE dunning_text IS 'fact: a seller''s own words for a step; the newest holds, without one the program''s own do';

CREATE SEQUENCE dunning_step_id;
CREATE TABLE dunning_step (
    account_id       text COLLATE "C" NOT NULL,
    step_id          bigint NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('courtesy', 'reminder', 'notice', 'suspension')),
    code             text NOT NULL,
    happened_on      date NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, step_id)
);
CREATE INDEX dunning_step_of ON dunning_step (account_id, happened_on);
CREATE INDEX dunning_step_day ON dunning_step (happened_on);
COMMENT ON TABLE dunning_step IS 'fact: a payer (account_id) was reminded, put on formal notice, or suspended, once for several debts';

CREATE TABLE dunning_step_debt (
    account_id       text COLLATE "C" NOT NULL,
    step_id          bigint NOT NULL,
    debt_account_id  text COLLATE "C" NOT NULL,
    debt_id          bigint NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('courtesy', 'reminder', 'notice', 'suspension')),
    code             text NOT NULL,
    days             integer NOT NULL,
    late_days        integer NOT NULL,
    open_minor       bigint NOT NULL CHECK (open_minor > 0),
    chased_minor     bigint NOT NULL CHECK (chased_minor > 0 AND chased_minor <= open_minor),
    PRIMARY KEY (account_id, step_id, debt_account_id, debt_id)
);
CREATE INDEX dunning_step_debt_of ON dunning_step_debt (debt_account_id, debt_id);
COMMENT ON TABLE dunning_step_debt IS 'fact: the step that one debt reached, and how much of it was asked for: what is open without what is disputed, promised, or has arrived unmatched';

CREATE TABLE dunning_effect (
    account_id   text COLLATE "C" NOT NULL,
    step_id      bigint NOT NULL,
    effect       text NOT NULL CHECK (effect IN ('sent', 'claimed', 'suspended', 'restored')),
    told         text NOT NULL DEFAULT '',
    happened_on  date NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, step_id, effect)
);
COMMENT ON TABLE dunning_effect IS 'fact: a step was carried out: its letter handed over, its interest claimed, services suspended, or restored after payment';

CREATE SEQUENCE promise_id;
CREATE TABLE promise (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    promise_id    bigint NOT NULL DEFAULT nextval('promise_id'),
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    promised_on   date NOT NULL,
    due_on        date NOT NULL CHECK (due_on >= promised_on),
    words         text NOT NULL DEFAULT '',
    recorded_by   text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, promise_id)
);
COMMENT ON TABLE promise IS 'fact: a payer promised to pay so much by a day; until then so much of its oldest debts is not chased';

CREATE SEQUENCE write_off_id;
CREATE TABLE write_off (
    account_id    text COLLATE "C" NOT NULL,
    write_off_id  bigint NOT NULL DEFAULT nextval('write_off_id'),
    debt_id       bigint NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    reason        text NOT NULL,
    asked_on      date NOT NULL,
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, write_off_id)
);
COMMENT ON TABLE write_off IS 'fact: somebody proposed to give up so much of a debt';

CREATE TABLE write_off_decision (
    account_id    text COLLATE "C" NOT NULL,
    write_off_id  bigint NOT NULL,
    decision      text NOT NULL CHECK (decision IN ('approved', 'refused')),
    operation_id  bigint,
    reason        text NOT NULL DEFAULT '',
    decided_by    text NOT NULL,
    decided_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, write_off_id),
    CHECK ((decision = 'approved') = (operation_id IS NOT NULL))
);
COMMENT ON TABLE write_off_decision IS 'fact: a write-off was approved, then the debt operation is named, or refused';

-- ---------------------------------------------------------------- reverse bills

CREATE SEQUENCE self_billing_supplier_no MAXVALUE 99999;
CREATE TABLE self_billing_supplier (
    account_id       text COLLATE "C" PRIMARY KEY REFERENCES account,
    series_id        text COLLATE "C" NOT NULL UNIQUE REFERENCES series
);
COMMENT ON TABLE self_billing_supplier IS 'fact: the series of numbers in which the bills that are made in an account''s name are counted, its own';

CREATE TABLE self_billing_agreement (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    agreement_no     integer NOT NULL CHECK (agreement_no >= 1),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    subject          text NOT NULL CHECK (subject <> ''),
    reference        text NOT NULL CHECK (reference <> ''),
    regime           text NOT NULL CHECK (regime IN ('standard', 'small-exempt', 'reverse-charge')),
    on_debits        boolean NOT NULL,
    contest_days     integer NOT NULL CHECK (contest_days BETWEEN 1 AND 60),
    term_days        integer NOT NULL CHECK (term_days BETWEEN 0 AND 60),
    sets_off         boolean NOT NULL,
    from_on          date NOT NULL,
    until_on         date CHECK (until_on >= from_on),
    offered_on       date NOT NULL,
    offered_by       text NOT NULL,
    offered_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, agreement_no)
);
COMMENT ON TABLE self_billing_agreement IS 'fact: a written agreement by which a legal entity makes the bills of what an account supplies to it; regime: how the supplier stands to VAT, on_debits: its VAT is due with the bill';

CREATE TABLE self_billing_act (
    account_id    text COLLATE "C" NOT NULL,
    agreement_no  integer NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('accepted', 'revoked')),
    happened_on   date NOT NULL,
    who           text NOT NULL CHECK (who <> ''),
    recorded_by   text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, agreement_no, kind),
    FOREIGN KEY (account_id, agreement_no) REFERENCES self_billing_agreement
);
COMMENT ON TABLE self_billing_act IS 'fact: a self-billing agreement was accepted for the account, or revoked; who: the name, or why';

CREATE TABLE reverse_bill (
    account_id           text COLLATE "C" NOT NULL,
    bill_id              text COLLATE "C" NOT NULL,
    order_id             bigint NOT NULL,
    kind                 text NOT NULL CHECK (kind IN ('self-billed', 'self-billed-credit')),
    corrects_bill_id     text COLLATE "C",
    legal_entity_id      text COLLATE "C" NOT NULL,
    agreement_no         integer NOT NULL,
    issued_on            date NOT NULL,
    issued_at            timestamptz NOT NULL,
    term_days            integer NOT NULL,
    due_on               date NOT NULL,
    contest_until        date NOT NULL,
    currency             text NOT NULL,
    net_minor            bigint NOT NULL CHECK (net_minor > 0),
    tax_minor            bigint NOT NULL CHECK (tax_minor >= 0),
    total_minor          bigint NOT NULL CHECK (total_minor = net_minor + tax_minor),
    self_assessed_minor  bigint NOT NULL CHECK (self_assessed_minor >= 0),
    vat_waits            boolean NOT NULL,
    payment_reference    text COLLATE "C" NOT NULL,
    language             text NOT NULL,
    note                 text NOT NULL DEFAULT '',
    contract             text NOT NULL,
    seller_hash          bytea NOT NULL,
    buyer_hash           bytea NOT NULL,
    PRIMARY KEY (account_id, bill_id),
    CHECK ((kind = 'self-billed') = (corrects_bill_id IS NULL)),
    FOREIGN KEY (account_id, agreement_no) REFERENCES self_billing_agreement
);
CREATE UNIQUE INDEX reverse_bill_corrects ON reverse_bill (account_id, corrects_bill_id) WHERE corrects_bill_id IS NOT NULL;
CREATE INDEX reverse_bill_issued ON reverse_bill (account_id, issued_at, bill_id);
CREATE INDEX reverse_bill_entity ON reverse_bill (legal_entity_id, issued_on, bill_id);
COMMENT ON TABLE reverse_bill IS 'fact: a bill of what an account supplied, made in its name by the legal entity that buys (amounts positive), or the credit note that takes one back whole';
COMMENT ON COLUMN reverse_bill.self_assessed_minor IS 'VAT that the buyer owes itself and deducts: reverse charge';
COMMENT ON COLUMN reverse_bill.vat_waits IS 'whether its VAT is deducted with its payment, and not with the bill';

CREATE TABLE reverse_bill_detail (
    account_id         text COLLATE "C" NOT NULL,
    bill_id            text COLLATE "C" NOT NULL,
    detail_no          integer NOT NULL CHECK (detail_no >= 1),
    domain             text NOT NULL,
    description        text NOT NULL,
    quantity_e4        bigint NOT NULL,
    unit_price_ucents  bigint NOT NULL CHECK (unit_price_ucents >= 0),
    net_minor          bigint NOT NULL,
    vat_category       text NOT NULL,
    vat_rate_bp        integer NOT NULL,
    period_start       date NOT NULL,
    period_end         date NOT NULL,
    PRIMARY KEY (account_id, bill_id, detail_no),
    FOREIGN KEY (account_id, bill_id) REFERENCES reverse_bill
);
COMMENT ON TABLE reverse_bill_detail IS 'fact: one line of a reverse bill; domain: what the supply is known by';

CREATE TABLE reverse_bill_tax (
    account_id      text COLLATE "C" NOT NULL,
    bill_id         text COLLATE "C" NOT NULL,
    vat_category    text NOT NULL,
    vat_rate_bp     integer NOT NULL,
    net_minor       bigint NOT NULL,
    tax_minor       bigint NOT NULL,
    exemption_code  text NOT NULL DEFAULT '',
    exemption_text  text NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, bill_id, vat_category, vat_rate_bp),
    FOREIGN KEY (account_id, bill_id) REFERENCES reverse_bill
);
COMMENT ON TABLE reverse_bill_tax IS 'fact: the VAT of a reverse bill per category and rate, rounded once on the summed net';

CREATE TABLE reverse_bill_event (
    account_id   text COLLATE "C" NOT NULL,
    bill_id      text COLLATE "C" NOT NULL,
    event_no     integer NOT NULL CHECK (event_no >= 1),
    kind         text NOT NULL CHECK (kind IN ('contested', 'contest-ended', 'accepted')),
    happened_on  date NOT NULL,
    told         text NOT NULL DEFAULT '',
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, bill_id, event_no),
    FOREIGN KEY (account_id, bill_id) REFERENCES reverse_bill
);
COMMENT ON TABLE reverse_bill_event IS 'fact: the supplier contested a reverse bill, gave that up, or accepted the bill';

CREATE TABLE reverse_set_off (
    account_id       text COLLATE "C" NOT NULL,
    bill_id          text COLLATE "C" NOT NULL,
    debt_account_id  text COLLATE "C" NOT NULL,
    debt_id          bigint NOT NULL,
    operation_id     bigint NOT NULL,
    PRIMARY KEY (account_id, bill_id, debt_account_id, debt_id, operation_id),
    FOREIGN KEY (account_id, bill_id) REFERENCES reverse_bill,
    FOREIGN KEY (debt_account_id, debt_id, operation_id) REFERENCES debt_operation
);
CREATE UNIQUE INDEX reverse_set_off_operation ON reverse_set_off (debt_account_id, debt_id, operation_id);
COMMENT ON TABLE reverse_set_off IS 'fact: an operation on a debt was paid by what a reverse bill owes to its account; undone with the operation';

CREATE SEQUENCE refund_id;
CREATE TABLE refund (
    account_id    text COLLATE "C" NOT NULL,
    refund_id     bigint NOT NULL DEFAULT nextval('refund_id'),
    deposit_id    text COLLATE "C",
    order_id      bigint NOT NULL DEFAULT nextval('order_id'),
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    cause         text NOT NULL CHECK (cause IN ('refund', 'charged-back', 'reverse-bill')),
    reason        text NOT NULL,
    asked_on      date NOT NULL,
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT instant(),
    reverse_bill_id  text COLLATE "C",
    CONSTRAINT refund_source CHECK ((cause = 'reverse-bill') = (deposit_id IS NULL) AND num_nonnulls(deposit_id, reverse_bill_id) = 1),
    PRIMARY KEY (account_id, refund_id),
    FOREIGN KEY (account_id, deposit_id) REFERENCES deposit,
    FOREIGN KEY (account_id, reverse_bill_id) REFERENCES reverse_bill
);
CREATE INDEX refund_deposit ON refund (account_id, deposit_id);
CREATE INDEX refund_reverse_bill ON refund (account_id, reverse_bill_id) WHERE reverse_bill_id IS NOT NULL;
COMMENT ON TABLE refund IS 'fact: money is to go to the payer: what of a deposit is unapplied, or what a reverse bill owes; charged-back: an acquirer took it back already';

CREATE TABLE refund_event (
    account_id   text COLLATE "C" NOT NULL,
    refund_id    bigint NOT NULL,
    event_no     integer NOT NULL CHECK (event_no >= 1),
    state        text NOT NULL CHECK (state IN ('approved', 'refused', 'paid', 'failed')),
    happened_on  date NOT NULL,
    told         text NOT NULL DEFAULT '',
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, refund_id, event_no),
    UNIQUE (account_id, refund_id, state),
    FOREIGN KEY (account_id, refund_id) REFERENCES refund
);
COMMENT ON TABLE refund_event IS 'fact: a refund was approved, refused, paid by the bank, or came back unpaid';

CREATE VIEW refund_state AS
    SELECT r.account_id, r.refund_id, r.deposit_id, r.order_id, r.currency, r.amount_minor, r.cause, r.reason,
           r.asked_on, r.asked_by, r.asked_at, coalesce(e.state, 'asked') AS state, e.happened_on AS state_on,
           r.reverse_bill_id
      FROM refund r
      LEFT JOIN LATERAL (
           SELECT state, happened_on
             FROM refund_event
            WHERE account_id = r.account_id AND refund_id = r.refund_id
            ORDER BY event_no DESC
            LIMIT 1) e ON true;
COMMENT ON VIEW refund_state IS 'each refund as it stands; what was refused or failed is the deposit''s again';

CREATE VIEW issued_paper AS
    SELECT account_id, bill_id, order_id, kind, corrects_bill_id, legal_entity_id, payer_id, run_id, category, issued_on,
           issued_at, term_days, term_method, term_grant_id, due_on, currency, net_minor, tax_minor, total_minor,
           billing_group_id, purchase_order_account, purchase_order_id, purchase_order_reference, purchase_order_type,
           payment_reference, payment_means, language, note, seller_hash, buyer_hash, payer_hash, cost_account, contract,
           debit_hash, collected_on, prepaid_minor, accounting_currency, accounting_tax_minor, exchange_e8, exchanged_on,
           NULL::date AS contest_until
      FROM bill
     UNION ALL
    SELECT account_id, bill_id, order_id, kind, corrects_bill_id, legal_entity_id, account_id, NULL, 'self-billing', issued_on,
           issued_at, term_days, 'net', NULL, due_on, currency, net_minor, tax_minor, total_minor, NULL, NULL, NULL, NULL, NULL,
           payment_reference, 'transfer', language, note, seller_hash, buyer_hash, NULL, '', contract, NULL, NULL, 0, NULL,
           NULL, NULL, NULL, contest_until
      FROM reverse_bill;
COMMENT ON VIEW issued_paper IS 'every document that is printed, archived, stamped and sent: bills, and reverse bills with what they have not left empty';

CREATE VIEW issued_paper_detail AS
    SELECT account_id, bill_id, detail_no, service_id, kind, domain, description, quantity_e4, unit_price_ucents, net_minor,
           vat_category, vat_rate_bp, period_start, period_end, purchase_order_line_no, correction_no, part, owner_id,
           purchase_order_item, cost_account
      FROM bill_detail
     UNION ALL
    SELECT account_id, bill_id, detail_no, 0, 'supplied', domain, description, quantity_e4, unit_price_ucents, net_minor,
           vat_category, vat_rate_bp, period_start, period_end, NULL, 0, '', NULL, '', ''
      FROM reverse_bill_detail;
COMMENT ON VIEW issued_paper_detail IS 'the lines of every document that is printed';

CREATE VIEW issued_paper_tax AS
    SELECT account_id, bill_id, vat_category, vat_rate_bp, net_minor, tax_minor, exemption_code, exemption_text,
           accounting_net_minor, accounting_tax_minor
      FROM bill_tax
     UNION ALL
    SELECT account_id, bill_id, vat_category, vat_rate_bp, net_minor, tax_minor, exemption_code, exemption_text, NULL, NULL
      FROM reverse_bill_tax;
COMMENT ON VIEW issued_paper_tax IS 'the VAT of every document that is printed';

CREATE VIEW reverse_standing AS
    SELECT b.account_id, b.bill_id, b.legal_entity_id, b.currency, b.total_minor, b.issued_on, b.due_on, b.contest_until,
           coalesce(s.set_off_minor, 0)::bigint AS set_off_minor, coalesce(r.paid_minor, 0)::bigint AS paid_minor,
           coalesce(r.paying_minor, 0)::bigint AS paying_minor,
           coalesce(e.contest = 'contested', false) AS is_contested, e.accepted_on, c.bill_id AS taken_back_by
      FROM reverse_bill b
      LEFT JOIN LATERAL (
           SELECT sum(o.amount_minor) AS set_off_minor
             FROM reverse_set_off x
             JOIN debt_operation o ON o.account_id = x.debt_account_id AND o.debt_id = x.debt_id
                                  AND o.operation_id = x.operation_id
            WHERE x.account_id = b.account_id AND x.bill_id = b.bill_id
              AND NOT EXISTS (SELECT FROM debt_operation u
                               WHERE u.account_id = o.account_id AND u.debt_id = o.debt_id
                                 AND u.reverses_id = o.operation_id)) s ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) FILTER (WHERE state = 'paid') AS paid_minor,
                  sum(amount_minor) FILTER (WHERE state IN ('asked', 'approved')) AS paying_minor
             FROM refund_state
            WHERE account_id = b.account_id AND reverse_bill_id = b.bill_id) r ON true
      LEFT JOIN LATERAL (
           SELECT (array_agg(kind ORDER BY event_no DESC))[1] AS contest,
                  max(happened_on) FILTER (WHERE kind = 'accepted') AS accepted_on
             FROM reverse_bill_event
            WHERE account_id = b.account_id AND bill_id = b.bill_id) e ON true
      LEFT JOIN reverse_bill c ON c.account_id = b.account_id AND c.corrects_bill_id = b.bill_id
     WHERE b.kind = 'self-billed';
COMMENT ON VIEW reverse_standing IS 'each reverse bill as it stands: what of it is set off, paid or being paid, contested, accepted, taken back';

CREATE TABLE retrieval (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    order_id           bigint NOT NULL UNIQUE DEFAULT nextval('order_id'),
    payment_method_id  bigint NOT NULL,
    currency           text NOT NULL,
    amount_minor       bigint NOT NULL CHECK (amount_minor > 0),
    ordered_by         text NOT NULL,
    ordered_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, order_id)
);
COMMENT ON TABLE retrieval IS 'fact: an account ordered prepaid money back, onto the bank account of that mandate of its own';

CREATE TABLE retrieval_part (
    account_id  text COLLATE "C" NOT NULL,
    order_id    bigint NOT NULL,
    refund_id   bigint NOT NULL,
    PRIMARY KEY (account_id, order_id, refund_id),
    UNIQUE (account_id, refund_id),
    FOREIGN KEY (account_id, order_id) REFERENCES retrieval,
    FOREIGN KEY (account_id, refund_id) REFERENCES refund
);
COMMENT ON TABLE retrieval_part IS 'fact: a refund that is a part of a retrieval: so much out of one deposit';

CREATE SEQUENCE voucher_id;
CREATE TABLE voucher (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    voucher_id       bigint NOT NULL DEFAULT nextval('voucher_id'),
    code_hash        bytea NOT NULL CHECK (length(code_hash) = 32),
    hint             text NOT NULL,
    currency         text NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    until_on         date NOT NULL,
    credit_days      integer CHECK (credit_days > 0),
    uses_max         integer CHECK (uses_max > 0),
    words            text NOT NULL,
    made_by          text NOT NULL,
    made_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, voucher_id),
    UNIQUE (legal_entity_id, code_hash)
);
COMMENT ON TABLE voucher IS 'fact: who knows the code has so much credit, once per payer, until a day; the code itself is not kept';

CREATE TABLE voucher_use (
    account_id       text COLLATE "C" NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    voucher_id       bigint NOT NULL,
    movement_id      bigint NOT NULL,
    used_on          date NOT NULL,
    used_by          text NOT NULL,
    used_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, legal_entity_id, voucher_id),
    FOREIGN KEY (legal_entity_id, voucher_id) REFERENCES voucher,
    FOREIGN KEY (account_id, movement_id) REFERENCES credit_movement
);
CREATE INDEX voucher_use_of ON voucher_use (legal_entity_id, voucher_id);
COMMENT ON TABLE voucher_use IS 'fact: a payer made credit of a voucher';

CREATE SEQUENCE programme_id;
CREATE TABLE points_programme (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    programme_id     bigint NOT NULL DEFAULT nextval('programme_id'),
    currency         text NOT NULL,
    from_on          date NOT NULL,
    points           bigint NOT NULL CHECK (points >= 0),
    per_minor        bigint NOT NULL CHECK (per_minor > 0),
    worth_minor      bigint NOT NULL CHECK (worth_minor > 0),
    used_bp          integer NOT NULL CHECK (used_bp BETWEEN 1 AND 10000),
    lapse_months     integer CHECK (lapse_months > 0),
    is_sold          boolean NOT NULL DEFAULT false,
    without_plans    text[] NOT NULL DEFAULT '{}',
    without_kinds    text[] NOT NULL DEFAULT '{}',
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, programme_id)
);
CREATE INDEX points_programme_day ON points_programme (legal_entity_id, currency, from_on);
COMMENT ON TABLE points_programme IS 'fact: from a day on a seller gives so many points per so much net that is paid in a currency (0: none any more); the latest of a day holds';

CREATE SEQUENCE points_movement_id;
CREATE TABLE points_movement (
    account_id          text COLLATE "C" NOT NULL REFERENCES account,
    movement_id         bigint NOT NULL DEFAULT nextval('points_movement_id'),
    kind                text NOT NULL CHECK (kind IN ('earned', 'bought', 'given', 'taken', 'back', 'used', 'lapsed', 'undone')),
    points              bigint NOT NULL CHECK (points <> 0),
    balance             bigint NOT NULL CHECK (balance >= 0),
    lot_id              bigint NOT NULL,
    currency            text,
    worth_minor         bigint CHECK (worth_minor > 0),
    used_bp             integer CHECK (used_bp BETWEEN 1 AND 10000),
    lapses_on           date,
    bill_account_id     text COLLATE "C",
    bill_id             text COLLATE "C",
    order_id            bigint NOT NULL DEFAULT 0,
    credit_movement_id  bigint,
    reason              text NOT NULL DEFAULT '',
    occurred_on         date NOT NULL,
    recorded_by         text NOT NULL,
    recorded_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, movement_id),
    CHECK ((kind IN ('earned', 'bought', 'given')) = (lot_id = movement_id)),
    CHECK ((lot_id = movement_id) = (points > 0)),
    CHECK ((lot_id = movement_id) = (worth_minor IS NOT NULL)),
    CHECK ((worth_minor IS NULL) = (used_bp IS NULL) AND (worth_minor IS NULL) = (currency IS NULL)),
    CHECK (lapses_on IS NULL OR lot_id = movement_id),
    CHECK ((kind IN ('earned', 'back')) = (bill_id IS NOT NULL) AND (bill_id IS NULL) = (bill_account_id IS NULL)),
    CHECK ((kind IN ('used', 'bought')) = (credit_movement_id IS NOT NULL))
);
CREATE INDEX points_movement_lot ON points_movement (account_id, lot_id);
CREATE INDEX points_movement_bill ON points_movement (account_id, bill_account_id, bill_id) WHERE bill_id IS NOT NULL;
CREATE INDEX points_movement_lapse ON points_movement (lapses_on) WHERE lapses_on IS NOT NULL;
COMMENT ON TABLE points_movement IS 'fact: points that a payer got (a lot: lot_id is its own id, with what a point of it is worth), and what became of them (negative); balance: what the payer has after it, in all. credit_movement_id: the credit that used ones became, or the money of bought ones, which waits';

CREATE TABLE points_order (
    account_id   text COLLATE "C" NOT NULL,
    order_id     bigint NOT NULL,
    points       bigint NOT NULL CHECK (points > 0),
    worth_minor  bigint NOT NULL CHECK (worth_minor > 0),
    PRIMARY KEY (account_id, order_id),
    FOREIGN KEY (account_id, order_id) REFERENCES prepay_order
);
COMMENT ON TABLE points_order IS 'fact: what an order of prepaid money buys is points, at their worth; they come with the money';

CREATE SEQUENCE points_owed_id;
CREATE TABLE points_owed (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    owed_id          bigint NOT NULL DEFAULT nextval('points_owed_id'),
    bill_account_id  text COLLATE "C" NOT NULL,
    bill_id          text COLLATE "C" NOT NULL,
    points           bigint NOT NULL CHECK (points <> 0),
    occurred_on      date NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, owed_id)
);
CREATE INDEX points_owed_bill ON points_owed (account_id, bill_account_id, bill_id);
COMMENT ON TABLE points_owed IS 'fact: points of a bill that is paid no more and that were not there to take back; negative: they were taken since';

CREATE FUNCTION refuse_lost_points() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT f.account_id, f.movement_id INTO broken
      FROM fresh f
     WHERE f.balance <> f.points + coalesce((
           SELECT m.balance FROM points_movement m
            WHERE m.account_id = f.account_id AND m.movement_id < f.movement_id
            ORDER BY m.movement_id DESC LIMIT 1), 0)
        OR EXISTS (SELECT FROM points_movement m
                    WHERE m.account_id = f.account_id AND m.movement_id > f.movement_id
                      AND NOT EXISTS (SELECT FROM fresh n WHERE n.movement_id = m.movement_id))
        OR (SELECT sum(m.points) FROM points_movement m
             WHERE m.account_id = f.account_id AND m.lot_id = f.lot_id) < 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'movement % of points of account % does not follow from those before it', broken.movement_id, broken.account_id
              USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER points_movement_kept AFTER INSERT ON points_movement
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_lost_points();

CREATE FUNCTION refuse_overtaken_points() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT f.account_id, f.bill_id INTO broken
      FROM fresh f
     WHERE (SELECT sum(o.points) FROM points_owed o
             WHERE o.account_id = f.account_id AND o.bill_account_id = f.bill_account_id
               AND o.bill_id = f.bill_id) < 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % owes no such points of bill %', broken.account_id, broken.bill_id
              USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER points_owed_kept AFTER INSERT ON points_owed
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_overtaken_points();

CREATE TABLE points_due (
    due_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    legal_entity_id  text COLLATE "C" NOT NULL,
    payer_id         text COLLATE "C" NOT NULL,
    account_id       text COLLATE "C" NOT NULL,
    debt_id          bigint NOT NULL
);
CREATE INDEX points_due_payer ON points_due (payer_id);
COMMENT ON TABLE points_due IS 'debts on which something happened since their points were counted; a trigger follows operations';

CREATE FUNCTION note_points_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM points_programme) THEN
        INSERT INTO points_due (legal_entity_id, payer_id, account_id, debt_id)
        SELECT a.legal_entity_id, d.payer_id, d.account_id, d.debt_id
          FROM (SELECT DISTINCT account_id, debt_id FROM fresh) f
          JOIN debt d ON d.account_id = f.account_id AND d.debt_id = f.debt_id
          JOIN account a ON a.account_id = d.payer_id AND a.currency = d.currency
         WHERE EXISTS (SELECT FROM points_programme p
                        WHERE p.legal_entity_id = a.legal_entity_id AND p.currency = d.currency);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER debt_operation_points AFTER INSERT ON debt_operation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_points_due();

CREATE TABLE points_alert (
    account_id        text COLLATE "C" PRIMARY KEY REFERENCES account,
    threshold_points  bigint NOT NULL CHECK (threshold_points >= 0),
    is_warned         boolean NOT NULL DEFAULT false,
    set_by            text NOT NULL,
    set_at            timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE points_alert IS 'below how many points a payer wants a letter; is_warned until they are back';

CREATE TABLE acquirer_event (
    account_id    text COLLATE "C" NOT NULL,
    acquirer      text COLLATE "C" NOT NULL,
    event_id      text COLLATE "C" NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('authorised', 'paid', 'failed', 'charged-back')),
    payment       text COLLATE "C" NOT NULL,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    occurred_on   date NOT NULL,
    deposit_id    text COLLATE "C",
    reason        text NOT NULL DEFAULT '',
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    recorded_by   text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, acquirer, event_id),
    UNIQUE (acquirer, event_id),
    CHECK ((kind = 'paid') = (deposit_id IS NOT NULL))
);
CREATE UNIQUE INDEX acquirer_event_paid ON acquirer_event (acquirer, payment) WHERE kind = 'paid';
CREATE INDEX acquirer_event_deposit ON acquirer_event (account_id, deposit_id) WHERE deposit_id IS NOT NULL;
COMMENT ON TABLE acquirer_event IS 'fact: what an acquirer told of a payment, once per its own event id; sha256 is that of the content';

CREATE TABLE acquirer_payout (
    acquirer         text COLLATE "C" NOT NULL,
    payout_id        text COLLATE "C" NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    currency         text NOT NULL,
    gross_minor      bigint NOT NULL,
    fee_minor        bigint NOT NULL CHECK (fee_minor >= 0),
    paid_on          date NOT NULL,
    sha256           bytea NOT NULL CHECK (length(sha256) = 32),
    recorded_by      text NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (acquirer, payout_id)
);
COMMENT ON TABLE acquirer_payout IS 'fact: an acquirer paid out what it had collected, less what was charged back, less its fees';

CREATE TABLE acquirer_payout_line (
    account_id    text COLLATE "C" NOT NULL,
    acquirer      text COLLATE "C" NOT NULL,
    event_id      text COLLATE "C" NOT NULL,
    payout_id     text COLLATE "C" NOT NULL,
    gross_minor   bigint NOT NULL CHECK (gross_minor <> 0),
    fee_minor     bigint NOT NULL,
    PRIMARY KEY (account_id, acquirer, event_id),
    FOREIGN KEY (account_id, acquirer, event_id) REFERENCES acquirer_event,
    FOREIGN KEY (acquirer, payout_id) REFERENCES acquirer_payout
);
CREATE INDEX acquirer_payout_line_of ON acquirer_payout_line (acquirer, payout_id);
COMMENT ON TABLE acquirer_payout_line IS 'fact: the payment (or, negative, the charge-back) that a payout gathers, once, with its share of the fees';

CREATE VIEW money_waiting AS
    SELECT d.account_id, d.currency,
           d.left_minor - coalesce(c.credit_minor, 0) - coalesce(r.refund_minor, 0)
             - coalesce(w.withdrawn_minor, 0) AS amount_minor
      FROM open_deposit d
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS credit_minor
             FROM credit_movement
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id) c ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS refund_minor
             FROM refund_state
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id
              AND state NOT IN ('refused', 'failed')) r ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS withdrawn_minor
             FROM bank_move
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id AND kind = 'withdrawn') w ON true
     UNION ALL
    SELECT account_id, currency, amount_minor
      FROM credit_movement
     WHERE type IN ('PREPAID_ACCOUNT', 'DEPOSIT')
     UNION ALL
    SELECT p.body ->> 'payer', e.currency, e.amount_minor
      FROM bank_inbox i
      JOIN bank_entry e ON e.legal_entity_id = i.legal_entity_id AND e.entry_id = i.entry_id
                       AND e.direction = 'credit'
      JOIN bank_proposal p ON p.legal_entity_id = i.legal_entity_id AND p.entry_id = i.entry_id AND p.rank = 1;
COMMENT ON VIEW money_waiting IS 'money that came from a payer (account_id) and settles nothing yet; what it covers is not chased';

-- ---------------------------------------------------------------- direct debits and refunds to the bank

CREATE TABLE creditor (
    legal_entity_id  text COLLATE "C" PRIMARY KEY REFERENCES legal_entity,
    creditor_id      text COLLATE "C" NOT NULL CHECK (creditor_id ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}$'),
    notice_days      integer NOT NULL DEFAULT 14 CHECK (notice_days BETWEEN 1 AND 60),
    approval_days    integer NOT NULL DEFAULT 1 CHECK (approval_days BETWEEN 0 AND 30),
    bundled          boolean NOT NULL DEFAULT true,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE creditor IS 'how a legal entity collects by direct debit: SEPA creditor identifier, days of notice, days for the approval, one debit per payer and day or per bill';

CREATE SEQUENCE mandate_id;
CREATE TABLE mandate (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    mandate_id         bigint NOT NULL UNIQUE DEFAULT nextval('mandate_id'),
    legal_entity_id    text COLLATE "C" NOT NULL REFERENCES legal_entity,
    reference          text COLLATE "C" NOT NULL CHECK (length(reference) BETWEEN 1 AND 35),
    creditor_id        text COLLATE "C" NOT NULL,
    scheme             text NOT NULL CHECK (scheme IN ('CORE', 'B2B')),
    use                text NOT NULL CHECK (use IN ('recurrent', 'one-off')),
    iban               text COLLATE "C" NOT NULL,
    bic                text COLLATE "C" NOT NULL DEFAULT '',
    debtor_name        text NOT NULL,
    street             text NOT NULL DEFAULT '',
    building           text NOT NULL DEFAULT '',
    postcode           text NOT NULL DEFAULT '',
    town               text NOT NULL CHECK (town <> ''),
    country            text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    signed_on          date NOT NULL,
    payment_method_id  bigint NOT NULL UNIQUE,
    registered_by      text NOT NULL,
    registered_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, mandate_id),
    UNIQUE (creditor_id, reference)
);
COMMENT ON TABLE mandate IS 'fact: a payer signed that a creditor may collect from its bank account; its state follows from its events, its use and the day';

CREATE TABLE mandate_event (
    account_id   text COLLATE "C" NOT NULL,
    mandate_id   bigint NOT NULL,
    event_no     integer NOT NULL CHECK (event_no >= 1),
    step         text NOT NULL CHECK (step IN ('suspended', 'resumed', 'cancelled')),
    happened_on  date NOT NULL,
    reason       text NOT NULL DEFAULT '',
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, mandate_id, event_no),
    FOREIGN KEY (account_id, mandate_id) REFERENCES mandate
);
COMMENT ON TABLE mandate_event IS 'fact: a mandate was suspended, resumed or cancelled';

CREATE TABLE mandate_amendment (
    account_id       text COLLATE "C" NOT NULL,
    mandate_id       bigint NOT NULL,
    amendment_no     integer NOT NULL CHECK (amendment_no >= 1),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    amended_on       date NOT NULL,
    reference        text COLLATE "C" NOT NULL DEFAULT '' CHECK (length(reference) <= 35),
    creditor_id      text COLLATE "C" NOT NULL DEFAULT '',
    former_name      text NOT NULL DEFAULT '',
    iban             text COLLATE "C" NOT NULL DEFAULT '',
    bic              text COLLATE "C" NOT NULL DEFAULT '',
    reason           text NOT NULL DEFAULT '',
    recorded_by      text NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, mandate_id, amendment_no),
    FOREIGN KEY (account_id, mandate_id) REFERENCES mandate,
    CHECK (reference <> '' OR creditor_id <> '' OR former_name <> '' OR iban <> '')
);
CREATE UNIQUE INDEX mandate_amendment_reference ON mandate_amendment (legal_entity_id, reference) WHERE reference <> '';
COMMENT ON TABLE mandate_amendment IS 'fact: a mandate got another reference, creditor identifier, creditor''s name (the former one is kept) or bank account; what is empty stayed as it was';

CREATE TABLE remittance (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    remittance_id    bigint NOT NULL CHECK (remittance_id >= 1),
    kind             text NOT NULL CHECK (kind IN ('direct-debit', 'refund')),
    message_id       text COLLATE "C" NOT NULL UNIQUE,
    currency         text NOT NULL,
    lines            integer NOT NULL CHECK (lines > 0),
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    sha256           text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes       bigint NOT NULL CHECK (size_bytes > 0),
    made_on          date NOT NULL,
    made_by          text NOT NULL,
    made_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, remittance_id)
);
COMMENT ON TABLE remittance IS 'fact: a numbered file for the bank; its bytes are in the archive under sha256';

CREATE TABLE remittance_event (
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    event_no         integer NOT NULL CHECK (event_no >= 1),
    state            text NOT NULL CHECK (state IN ('approved', 'downloaded', 'sent', 'accepted', 'rejected', 'collected', 'paid', 'cancelled')),
    happened_on      date NOT NULL,
    told             text NOT NULL DEFAULT '',
    recorded_by      text NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, remittance_id, event_no),
    UNIQUE (legal_entity_id, remittance_id, state),
    FOREIGN KEY (legal_entity_id, remittance_id) REFERENCES remittance
);
COMMENT ON TABLE remittance_event IS 'fact: a second person approved a file, it was handed over, sent, taken or refused by the bank, ended, or was cancelled';

CREATE SEQUENCE collection_id;
CREATE TABLE collection (
    account_id       text COLLATE "C" NOT NULL,
    collection_id    bigint NOT NULL UNIQUE,
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    line_no          integer NOT NULL CHECK (line_no >= 1),
    batch_id         text COLLATE "C" NOT NULL,
    end_to_end       text COLLATE "C" NOT NULL UNIQUE,
    mandate_id       bigint NOT NULL,
    sequence         text NOT NULL CHECK (sequence IN ('FRST', 'RCUR', 'OOFF')),
    requested_on     date NOT NULL,
    currency         text NOT NULL CHECK (currency = 'EUR'),
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    amendment_no     integer NOT NULL DEFAULT 0 CHECK (amendment_no >= 0),
    PRIMARY KEY (account_id, collection_id),
    UNIQUE (legal_entity_id, remittance_id, line_no),
    FOREIGN KEY (account_id, mandate_id) REFERENCES mandate,
    FOREIGN KEY (legal_entity_id, remittance_id) REFERENCES remittance
);
CREATE INDEX collection_mandate ON collection (account_id, mandate_id);
CREATE INDEX collection_batch ON collection (batch_id);
COMMENT ON COLUMN collection.amendment_no IS 'how often its mandate had been amended when the file was made';
COMMENT ON TABLE collection IS 'fact: one debit of a payer''s bank account, a line of a file; account_id is the payer';

CREATE TABLE collection_debt (
    account_id     text COLLATE "C" NOT NULL,
    debt_id        bigint NOT NULL,
    collection_id  bigint NOT NULL,
    payer_id       text COLLATE "C" NOT NULL,
    bill_id        text COLLATE "C" NOT NULL,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, debt_id, collection_id),
    FOREIGN KEY (payer_id, collection_id) REFERENCES collection
);
CREATE INDEX collection_debt_of ON collection_debt (payer_id, collection_id);
COMMENT ON TABLE collection_debt IS 'fact: so much of a debt is collected by a debit; account_id is the bill''s account';

CREATE TABLE pending_debt (
    account_id     text COLLATE "C" NOT NULL,
    debt_id        bigint NOT NULL,
    collection_id  bigint NOT NULL,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, debt_id)
);
CREATE INDEX pending_debt_collection ON pending_debt (collection_id);
COMMENT ON TABLE pending_debt IS 'a debt that a collection under way takes up: its key keeps it out of a second one; gone when the collection ends';

CREATE TABLE collection_event (
    account_id     text COLLATE "C" NOT NULL,
    collection_id  bigint NOT NULL,
    event_no       integer NOT NULL CHECK (event_no >= 1),
    state          text NOT NULL CHECK (state IN ('collected', 'rejected', 'returned', 'cancelled')),
    happened_on    date NOT NULL,
    reason_code    text NOT NULL DEFAULT '',
    told           text NOT NULL DEFAULT '',
    deposit_id     text COLLATE "C",
    recorded_by    text NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, collection_id, event_no),
    UNIQUE (account_id, collection_id, state),
    FOREIGN KEY (account_id, collection_id) REFERENCES collection,
    FOREIGN KEY (account_id, deposit_id) REFERENCES deposit,
    CHECK ((state = 'collected') = (deposit_id IS NOT NULL))
);
CREATE UNIQUE INDEX collection_event_deposit ON collection_event (account_id, deposit_id) WHERE deposit_id IS NOT NULL;
COMMENT ON TABLE collection_event IS 'fact: the bank credited a debit (then its deposit is named), refused it, or took it back; or its file was cancelled';

CREATE TABLE collection_notice (
    account_id     text COLLATE "C" NOT NULL,
    collection_id  bigint NOT NULL,
    sent_to        text NOT NULL,
    sent_on        date NOT NULL,
    sent_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, collection_id),
    FOREIGN KEY (account_id, collection_id) REFERENCES collection
);
COMMENT ON TABLE collection_notice IS 'fact: the payer was told the amount and the day of a debit';

CREATE TABLE collection_failure_notice (
    account_id     text COLLATE "C" NOT NULL,
    collection_id  bigint NOT NULL,
    sent_to        text NOT NULL,
    sent_on        date NOT NULL,
    sent_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, collection_id),
    FOREIGN KEY (account_id, collection_id) REFERENCES collection
);
COMMENT ON TABLE collection_failure_notice IS 'fact: the payer was told that a debit was refused or taken back; sent_to is empty where nobody is to be told';

CREATE TABLE refund_account (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    account_no    integer NOT NULL CHECK (account_no >= 1),
    iban          text COLLATE "C" NOT NULL,
    bic           text COLLATE "C" NOT NULL DEFAULT '',
    holder_name   text NOT NULL CHECK (holder_name <> ''),
    town          text NOT NULL CHECK (town <> ''),
    country       text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    recorded_by   text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, account_no)
);
COMMENT ON TABLE refund_account IS 'fact: where a payer gets money back; the newest row holds';

CREATE TABLE remittance_refund (
    account_id       text COLLATE "C" NOT NULL,
    refund_id        bigint NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    line_no          integer NOT NULL CHECK (line_no >= 1),
    end_to_end       text COLLATE "C" NOT NULL UNIQUE,
    iban             text COLLATE "C" NOT NULL,
    bic              text COLLATE "C" NOT NULL DEFAULT '',
    holder_name      text NOT NULL,
    currency         text NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, refund_id, legal_entity_id, remittance_id),
    UNIQUE (legal_entity_id, remittance_id, line_no),
    FOREIGN KEY (account_id, refund_id) REFERENCES refund,
    FOREIGN KEY (legal_entity_id, remittance_id) REFERENCES remittance
);
COMMENT ON TABLE remittance_refund IS 'fact: a refund is a line of a file of transfers';

CREATE TABLE pending_refund (
    account_id       text COLLATE "C" NOT NULL,
    refund_id        bigint NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    PRIMARY KEY (account_id, refund_id)
);
COMMENT ON TABLE pending_refund IS 'a refund that a file under way pays: its key keeps it out of a second one; gone when it is paid, rejected or cancelled';

CREATE TABLE status_report (
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    sha256           text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    report_id        text NOT NULL,
    status           text NOT NULL,
    accepted         integer NOT NULL CHECK (accepted >= 0),
    rejected         integer NOT NULL CHECK (rejected >= 0),
    taken_by         text NOT NULL,
    taken_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, remittance_id, sha256),
    FOREIGN KEY (legal_entity_id, remittance_id) REFERENCES remittance
);
COMMENT ON TABLE status_report IS 'fact: what the bank told of a file (pain.002), taken in once; its bytes are in the archive under sha256';

-- ---------------------------------------------------------------- journal

CREATE TABLE entry (
    account_id  text COLLATE "C" NOT NULL,
    entry_no    integer NOT NULL CHECK (entry_no >= 1),
    kind        text NOT NULL,
    booked_on   date NOT NULL,
    reference   text COLLATE "C" NOT NULL,
    prev_hash   bytea NOT NULL,
    hash        bytea NOT NULL,
    booked_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, entry_no)
);
CREATE INDEX entry_booked ON entry (account_id, booked_on);
CREATE INDEX entry_first ON entry (booked_on) WHERE entry_no = 1;
COMMENT ON TABLE entry IS 'fact: one journal entry; hash = SHA-256(prev_hash || UTF-8 of account|entry_no|kind|booked_on|reference|ledger:amount:currency;… in posting order), prev_hash of the first is 32 zero bytes';

CREATE TABLE posting (
    account_id      text COLLATE "C" NOT NULL,
    entry_no        integer NOT NULL,
    posting_no      integer NOT NULL,
    ledger          text COLLATE "C" NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor <> 0),
    currency        text NOT NULL,
    PRIMARY KEY (account_id, entry_no, posting_no)
);
COMMENT ON TABLE posting IS 'fact: one amount on one ledger account, debit positive, credit negative; the postings of an entry sum to zero';

CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT account_id, entry_no, currency, sum(amount_minor) AS off INTO broken
      FROM fresh GROUP BY account_id, entry_no, currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % of account % is off by % %', broken.entry_no, broken.account_id, broken.off, broken.currency
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER posting_balanced AFTER INSERT ON posting
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_entry();

CREATE TABLE in_hand (
    account_id    text COLLATE "C" NOT NULL,
    payer_id      text COLLATE "C" NOT NULL,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL,
    PRIMARY KEY (account_id, payer_id, currency)
);
CREATE INDEX in_hand_payer ON in_hand (payer_id);
COMMENT ON TABLE in_hand IS 'what entries of an account posted on unapplied money and credit balance, by whose it is: the payer of the bill that an entry names, else the account; a trigger follows postings, the audit compares';

CREATE FUNCTION count_in_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO in_hand AS o (account_id, payer_id, currency, amount_minor)
    SELECT f.account_id, coalesce(d.payer_id, f.account_id), f.currency, sum(f.amount_minor)
      FROM fresh f
      JOIN account a ON a.account_id = f.account_id
      JOIN ledger_account l ON l.legal_entity_id = a.legal_entity_id AND l.number = f.ledger
                           AND l.role IN ('unapplied', 'credit_balance')
      JOIN entry e ON e.account_id = f.account_id AND e.entry_no = f.entry_no
      LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id AND n.bill_id = e.reference
      LEFT JOIN debt d ON d.account_id = e.account_id
                      AND d.bill_id = CASE e.kind WHEN 'bill' THEN e.reference
                                                  WHEN 'credit-note' THEN n.corrects_bill_id
                                                  ELSE regexp_replace(e.reference, '/[^/]*$', '') END
     GROUP BY 1, 2, 3
     ORDER BY 1, 2, 3
        ON CONFLICT (account_id, payer_id, currency)
        DO UPDATE SET amount_minor = o.amount_minor + excluded.amount_minor;
    RETURN NULL;
END $$;

CREATE TRIGGER posting_in_hand AFTER INSERT ON posting
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_in_hand();

CREATE TABLE chain_head (
    scope        text NOT NULL CHECK (scope IN ('run', 'day')),
    name         text NOT NULL,
    accounts     bigint NOT NULL,
    head         bytea NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (scope, name, recorded_at)
);
COMMENT ON TABLE chain_head IS 'fact: SHA-256 over all accounts'' last entry hashes, in account order, when a run closed or a day ended';

-- ---------------------------------------------------------------- the archive

CREATE TABLE stamp (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    stamp_no         integer NOT NULL CHECK (stamp_no >= 1),
    stamped_on       date NOT NULL,
    leaves           integer NOT NULL CHECK (leaves >= 0),
    root             bytea NOT NULL CHECK (length(root) = 32),
    prev_hash        bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash             bytea NOT NULL CHECK (length(hash) = 32),
    signature        bytea NOT NULL CHECK (length(signature) = 64),
    public_key       bytea NOT NULL CHECK (length(public_key) = 32),
    stamped_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, stamp_no)
);
COMMENT ON TABLE stamp IS 'fact: what was archived and booked of a seller since the stamp before; hash = SHA-256(UTF-8 of acquit stamp 1|legal_entity_id|stamp_no|stamped_on|leaves|root|prev_hash, hashes in hexadecimal), prev_hash of the first is 32 zero bytes, signature is Ed25519 over the same text; root is that of RFC 9162 section 2.1.1 over the leaves in order';

CREATE TABLE stamped_paper (
    account_id       text COLLATE "C" NOT NULL,
    bill_id          text COLLATE "C" NOT NULL,
    form             text NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    stamp_no         integer NOT NULL,
    leaf_no          integer NOT NULL CHECK (leaf_no >= 0),
    entry_no         integer NOT NULL,
    leaf             bytea NOT NULL,
    PRIMARY KEY (account_id, bill_id, form)
);
CREATE UNIQUE INDEX stamped_paper_leaf ON stamped_paper (legal_entity_id, stamp_no, leaf_no);
COMMENT ON TABLE stamped_paper IS 'fact: a paper is a leaf of a stamp; leaf = SHA-256(0x00 || UTF-8 of paper|account_id|bill_id|form|sha256|size_bytes|entry_no|hash of the entry)';

CREATE TABLE stamped_head (
    account_id       text COLLATE "C" NOT NULL,
    entry_no         integer NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    stamp_no         integer NOT NULL,
    leaf_no          integer NOT NULL CHECK (leaf_no >= 0),
    leaf             bytea NOT NULL,
    PRIMARY KEY (account_id, entry_no)
);
CREATE UNIQUE INDEX stamped_head_leaf ON stamped_head (legal_entity_id, stamp_no, leaf_no);
COMMENT ON TABLE stamped_head IS 'fact: the end of an account''s chain of entries is a leaf of a stamp; leaf = SHA-256(0x00 || UTF-8 of head|account_id|entry_no|hash of the entry)';

CREATE TABLE removed_paper (
    account_id  text COLLATE "C" NOT NULL,
    bill_id     text COLLATE "C" NOT NULL,
    form        text NOT NULL,
    issued_on   date NOT NULL,
    removed_by  text NOT NULL,
    removed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, bill_id, form),
    FOREIGN KEY (account_id, bill_id, form) REFERENCES document,
    CHECK (extract(year FROM issued_on) + 10 < extract(year FROM removed_at AT TIME ZONE 'UTC'))
);
COMMENT ON TABLE removed_paper IS 'fact: the bytes of a paper were removed from the archive, later than ten years after the end of the year of its bill; its hash stays';

-- ---------------------------------------------------------------- books

CREATE TABLE period_act (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    act_no           integer NOT NULL CHECK (act_no >= 1),
    period           text COLLATE "C" NOT NULL CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    happening        text NOT NULL CHECK (happening IN ('deferred', 'accrued', 'closed', 'reopened', 'sealed')),
    reason           text NOT NULL DEFAULT '',
    entries          bigint NOT NULL DEFAULT 0 CHECK (entries >= 0),
    head             bytea,
    totals           jsonb NOT NULL DEFAULT '[]',
    acted_by         text NOT NULL,
    acted_at         timestamptz NOT NULL DEFAULT instant(),
    charge_no        bigint,
    PRIMARY KEY (legal_entity_id, act_no),
    CHECK ((happening = 'closed') = (head IS NOT NULL)),
    CHECK (happening <> 'reopened' OR reason <> ''),
    CHECK (happening <> 'sealed' OR period LIKE '%-12'),
    CHECK ((happening = 'accrued') = (charge_no IS NOT NULL))
);
COMMENT ON TABLE period_act IS 'fact: what became of a month of the books. deferred: its revenue was spread; accrued: what was earned and not billed, of charges up to charge_no, was booked; closed: entries, head (SHA-256 over the entry hashes of the month, by account and number) and totals (ledger, currency, debit_minor, credit_minor) as they were then; sealed: the year that ends with the month is never opened again';

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

CREATE FUNCTION books_open_from(entity text) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT coalesce(max((to_date(period, 'YYYY-MM') + interval '1 month')::date), '-infinity'::date)
      FROM (SELECT DISTINCT ON (period) period, happening
              FROM period_act
             WHERE legal_entity_id = entity AND happening IN ('closed', 'reopened')
             ORDER BY period, act_no DESC) latest
     WHERE happening = 'closed'
$$;
COMMENT ON FUNCTION books_open_from(text) IS 'the first day on which a legal entity may book: the day after its last closed month';

CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    late record;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('books ' || legal_entity_id, 0))
       FROM (SELECT DISTINCT a.legal_entity_id
               FROM fresh f JOIN account a ON a.account_id = f.account_id
              ORDER BY a.legal_entity_id) books;
    SELECT first.legal_entity_id, first.booked_on INTO late
      FROM (SELECT a.legal_entity_id, min(f.booked_on) AS booked_on
              FROM fresh f JOIN account a ON a.account_id = f.account_id
             GROUP BY a.legal_entity_id) first
     WHERE first.booked_on < books_open_from(first.legal_entity_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'an entry of % dated % lies in a closed period', late.legal_entity_id, late.booked_on
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER entry_in_open_period AFTER INSERT ON entry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_period();

CREATE SEQUENCE vat_check_no;
CREATE TABLE vat_check (
    account_id   text COLLATE "C" NOT NULL REFERENCES account,
    check_no     bigint NOT NULL DEFAULT nextval('vat_check_no'),
    vat_id       text COLLATE "C" NOT NULL CHECK (vat_id <> ''),
    register     text NOT NULL CHECK (register <> ''),
    outcome      text NOT NULL CHECK (outcome IN ('valid', 'invalid', 'unknown')),
    reference    text NOT NULL DEFAULT '',
    told         text NOT NULL DEFAULT '',
    checked_on   date NOT NULL,
    checked_by   text NOT NULL,
    checked_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, check_no)
);
CREATE INDEX vat_check_id ON vat_check (account_id, vat_id, check_no);
COMMENT ON TABLE vat_check IS 'fact: a register was asked about the VAT id of an account: what it answered and, as proof, under which reference; unknown: it gave no answer';

-- ---------------------------------------------------------------- delivery

CREATE TABLE delivery_channel (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    channel          text COLLATE "C" NOT NULL CHECK (channel IN ('email', 'platform', 'peppol')),
    from_on          date NOT NULL,
    channel_no       bigint GENERATED ALWAYS AS IDENTITY,
    is_on            boolean NOT NULL,
    form             text NOT NULL CHECK (form IN ('pdf', 'pdf+ubl', 'link', 'cii', 'ubl')),
    origin           text NOT NULL DEFAULT '',
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, channel, from_on, channel_no)
);
COMMENT ON TABLE delivery_channel IS 'fact: bills of a legal entity that are dated from_on or later leave by a channel, or no longer; of one day the last row holds';

CREATE TABLE billing_contact (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    email       text NOT NULL,
    set_by      text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, email)
);
COMMENT ON TABLE billing_contact IS 'who gets the bills of an account by mail; without a row the account''s own address, else its parent''s';

CREATE SEQUENCE delivery_id;
CREATE TABLE delivery (
    account_id       text COLLATE "C" NOT NULL,
    delivery_id      bigint NOT NULL DEFAULT nextval('delivery_id'),
    legal_entity_id  text COLLATE "C" NOT NULL,
    channel          text COLLATE "C" NOT NULL CHECK (channel IN ('email', 'platform', 'peppol')),
    bill_id          text COLLATE "C" NOT NULL,
    event            text COLLATE "C" NOT NULL,
    form             text NOT NULL,
    subject          text NOT NULL DEFAULT '',
    queued_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, delivery_id),
    CHECK ((bill_id = '') = (event = 'letter' OR event LIKE 'message/%')),
    CHECK (account_id <> '' OR event = 'letter')
);
CREATE UNIQUE INDEX delivery_number ON delivery (delivery_id);
CREATE UNIQUE INDEX delivery_once ON delivery (account_id, bill_id, channel, event) WHERE bill_id <> '';
COMMENT ON TABLE delivery IS 'fact: something is to leave by a channel, once: a bill (event bill), a status of it (212/operation), a message (message/number), or a letter; the last two name no bill, and a letter that is not kept names no account';

CREATE TABLE delivery_waiting (
    account_id   text COLLATE "C" NOT NULL,
    delivery_id  bigint NOT NULL,
    channel      text COLLATE "C" NOT NULL,
    next_at      timestamptz NOT NULL DEFAULT instant(),
    tries        integer NOT NULL DEFAULT 0,
    to_address   text NOT NULL DEFAULT '',
    sealed       bytea,
    PRIMARY KEY (account_id, delivery_id)
);
CREATE INDEX delivery_due ON delivery_waiting (next_at);
COMMENT ON TABLE delivery_waiting IS 'deliveries that are to be tried, from next_at on; gone when sent, refused or ended. to_address and sealed: the letter itself, encrypted; it is kept no longer than it waits';

CREATE TABLE delivery_attempt (
    account_id    text COLLATE "C" NOT NULL,
    delivery_id   bigint NOT NULL,
    attempt_no    integer NOT NULL,
    outcome       text NOT NULL CHECK (outcome IN ('sent', 'delayed', 'refused', 'bounced', 'retried', 'ended')),
    reference     text COLLATE "C" NOT NULL DEFAULT '',
    told          text NOT NULL DEFAULT '',
    accepted      text[] NOT NULL DEFAULT '{}',
    attempted_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, delivery_id, attempt_no)
);
CREATE INDEX delivery_reference ON delivery_attempt (reference) WHERE outcome = 'sent';
CREATE INDEX delivery_unsent ON delivery_attempt (outcome) WHERE outcome IN ('refused', 'bounced', 'ended');
CREATE UNIQUE INDEX delivery_bounced ON delivery_attempt (account_id, delivery_id, reference) WHERE outcome = 'bounced';
COMMENT ON TABLE delivery_attempt IS 'fact: what became of one try: sent, delayed, refused; what came back later (bounced: reference names the report); or what a person decided (retried, ended). accepted: who took a mail; reference: what the receiver calls it';

CREATE VIEW delivery_state AS
SELECT d.account_id, d.delivery_id, d.legal_entity_id, d.channel, d.bill_id, d.event, d.form, d.subject, d.queued_at,
       CASE WHEN w.delivery_id IS NULL THEN coalesce(a.outcome, 'waiting')
            WHEN a.outcome = 'delayed' THEN 'delayed' ELSE 'waiting' END AS state,
       coalesce(a.told, '') AS told, coalesce(s.reference, '') AS reference, s.attempted_at AS sent_at, w.next_at,
       coalesce(w.tries, 0) AS tries
  FROM delivery d
  LEFT JOIN delivery_waiting w ON w.account_id = d.account_id AND w.delivery_id = d.delivery_id
  LEFT JOIN LATERAL (
       SELECT outcome, told FROM delivery_attempt
        WHERE account_id = d.account_id AND delivery_id = d.delivery_id
        ORDER BY attempt_no DESC LIMIT 1) a ON true
  LEFT JOIN LATERAL (
       SELECT reference, attempted_at FROM delivery_attempt
        WHERE account_id = d.account_id AND delivery_id = d.delivery_id AND outcome = 'sent'
        ORDER BY attempt_no DESC LIMIT 1) s ON true;
COMMENT ON VIEW delivery_state IS 'bookkeeping: each delivery with where it stands: waiting, delayed, or the outcome of its last try';

CREATE TABLE bill_status (
    account_id   text COLLATE "C" NOT NULL,
    bill_id      text COLLATE "C" NOT NULL,
    status_no    bigint GENERATED ALWAYS AS IDENTITY,
    code         integer NOT NULL CHECK (code BETWEEN 200 AND 601),
    said_by      text NOT NULL CHECK (said_by IN ('seller', 'buyer', 'platform')),
    reference    text COLLATE "C" NOT NULL,
    happened_at  timestamptz NOT NULL,
    reason_code  text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, bill_id, status_no)
);
CREATE UNIQUE INDEX bill_status_once ON bill_status (account_id, bill_id, code, said_by, reference);
COMMENT ON TABLE bill_status IS 'fact: a status in the life of an e-invoice (AFNOR XP Z12-012) and who told it; reference: the operation (212), the dispute (207) or the flow that it comes from';

CREATE TABLE bill_status_amount (
    account_id    text COLLATE "C" NOT NULL,
    bill_id       text COLLATE "C" NOT NULL,
    status_no     bigint NOT NULL,
    vat_rate_bp   integer NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (account_id, bill_id, status_no, vat_rate_bp)
);
COMMENT ON TABLE bill_status_amount IS 'fact: what of a settlement was collected at a VAT rate, VAT included; negative when it went back. The rates add up to the operation';

CREATE TABLE status_waiting (
    account_id    text COLLATE "C" NOT NULL,
    bill_id       text COLLATE "C" NOT NULL,
    debt_id       bigint NOT NULL,
    operation_id  bigint NOT NULL,
    PRIMARY KEY (account_id, bill_id, operation_id)
);
COMMENT ON TABLE status_waiting IS 'operations on debts of bills that went to an e-invoicing platform, which is to be told; a trigger adds each, gone when told';

CREATE FUNCTION note_operations_to_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_waiting (account_id, bill_id, debt_id, operation_id)
    SELECT o.account_id, d.bill_id, o.debt_id, o.operation_id
      FROM fresh o
      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
      JOIN delivery v ON v.account_id = d.account_id AND v.bill_id = d.bill_id
                     AND v.channel = 'platform' AND v.event = 'bill' AND v.bill_id <> ''
     WHERE o.means NOT IN ('credit-note', 'loss');
    RETURN NULL;
END $$;

CREATE TRIGGER debt_operation_noted AFTER INSERT ON debt_operation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_operations_to_tell();

CREATE TABLE platform_progress (
    platform    text COLLATE "C" PRIMARY KEY,
    seen_until  timestamptz NOT NULL
);
COMMENT ON TABLE platform_progress IS 'up to which instant the flows of an e-invoicing platform were looked at';

-- ---------------------------------------------------------------- message

CREATE TABLE message_setting (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    setting_no       bigint GENERATED ALWAYS AS IDENTITY,
    from_on          date NOT NULL,
    is_on            boolean NOT NULL,
    sender           text NOT NULL DEFAULT '',
    reply_to         text NOT NULL DEFAULT '',
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, setting_no)
);
COMMENT ON TABLE message_setting IS 'fact: whether a legal entity tells its accounts by mail what happens, of bills from from_on on, under which name and with which address for answers; the last row holds';

CREATE VIEW message_sender AS
SELECT DISTINCT ON (legal_entity_id) legal_entity_id, from_on, is_on, sender, reply_to
  FROM message_setting
 ORDER BY legal_entity_id, setting_no DESC;
COMMENT ON VIEW message_sender IS 'bookkeeping: the setting of messages that holds of each legal entity that made one';

CREATE TABLE message_words (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    kind             text COLLATE "C" NOT NULL,
    language         text COLLATE "C" NOT NULL,
    words_no         integer NOT NULL CHECK (words_no >= 1),
    subject          text NOT NULL DEFAULT '',
    intro            text NOT NULL DEFAULT '',
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, kind, language, words_no)
);
COMMENT ON TABLE message_words IS 'fact: a seller''s own subject and first words of a kind of mail in a language; the last row holds, empty: the program''s own';

CREATE TABLE message_wish (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    kind        text COLLATE "C" NOT NULL,
    is_wanted   boolean NOT NULL,
    set_by      text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, kind)
);
COMMENT ON TABLE message_wish IS 'whether an account wants a kind of message; without a row it does';

CREATE SEQUENCE message_id;
CREATE TABLE message (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    message_id       bigint NOT NULL DEFAULT nextval('message_id'),
    legal_entity_id  text COLLATE "C" NOT NULL,
    kind             text COLLATE "C" NOT NULL,
    about            text COLLATE "C" NOT NULL,
    said             jsonb NOT NULL,
    told_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, message_id)
);
CREATE UNIQUE INDEX message_once ON message (account_id, kind, about);
COMMENT ON TABLE message IS 'fact: an account is told something by mail, once: about is the bill, the order and its threshold, the day … that it is told of; said: what is filled in';

CREATE SEQUENCE mail_id;
CREATE TABLE sent_mail (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    mail_id       bigint NOT NULL DEFAULT nextval('mail_id'),
    delivery_id   bigint NOT NULL,
    to_addresses  text[] NOT NULL,
    subject       text NOT NULL,
    sealed        bytea NOT NULL,
    sent_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, mail_id)
);
CREATE INDEX sent_mail_sent ON sent_mail (account_id, sent_at);
CREATE INDEX sent_mail_delivery ON sent_mail (account_id, delivery_id);
COMMENT ON TABLE sent_mail IS 'fact: a mail to an account that a mail server took, as it was sent; sealed: its text, encrypted, for it may hold a link to a paper. Letters with a token to give back are not kept';
