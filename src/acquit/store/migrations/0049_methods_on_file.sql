-- Cards and wallets that acquirers keep for accounts, as they tell of them.

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
