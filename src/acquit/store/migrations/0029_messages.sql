-- Accounts are told by mail what happens to them, each thing once; what was sent can be read again.

ALTER TABLE delivery DROP CONSTRAINT delivery_check;
ALTER TABLE delivery DROP CONSTRAINT delivery_check1;
ALTER TABLE delivery ADD CONSTRAINT delivery_check CHECK ((bill_id = '') = (event = 'letter' OR event LIKE 'message/%'));
ALTER TABLE delivery ADD CONSTRAINT delivery_check1 CHECK (account_id <> '' OR event = 'letter');
COMMENT ON TABLE delivery IS 'fact: something is to leave by a channel, once: a bill (event bill), a status of it (212/operation), a message (message/number), or a letter; the last two name no bill, and a letter that is not kept names no account';

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
CREATE INDEX sent_mail_delivery ON sent_mail (account_id, delivery_id);
COMMENT ON TABLE sent_mail IS 'fact: a mail to an account that a mail server took, as it was sent; sealed: its text, encrypted, for it may hold a link to a paper. Letters with a token to give back are not kept';
