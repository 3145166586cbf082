-- Services that were given to another account.

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
COMMENT ON TABLE service_move IS 'fact: a service ended in one account and went on in another on a day; of the days until paid_until_on, which were renewed before, what one is given back is what the other is charged. agreements: how many the new one began with';
