-- Orders that put money onto a prepaid account and take it back; a warning when the balance is low.

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
