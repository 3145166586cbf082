-- Carts, the orders that they become, and what those made.

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
    cart_id          text COLLATE "C" NOT NULL UNIQUE,
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
COMMENT ON TABLE service_order IS 'fact: an account ordered what was in a cart, at these prices; unpaid it lapses on expires_on';

CREATE TABLE service_order_line (
    account_id      text COLLATE "C" NOT NULL,
    order_id        bigint NOT NULL,
    line_no         integer NOT NULL,
    cart_line_id    bigint NOT NULL,
    plan_code       text COLLATE "C" NOT NULL,
    pricing_mode    text NOT NULL,
    renewal_months  integer NOT NULL CHECK (renewal_months > 0),
    quantity        bigint NOT NULL CHECK (quantity > 0),
    options         text[] NOT NULL,
    configurations  jsonb NOT NULL,
    PRIMARY KEY (account_id, order_id, line_no)
);
COMMENT ON TABLE service_order_line IS 'fact: one plan with its options that an order asks for; paid, it becomes a service';

CREATE TABLE service_order_detail (
    account_id         text COLLATE "C" NOT NULL,
    order_id           bigint NOT NULL,
    detail_no          integer NOT NULL,
    line_no            integer NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('installation', 'period')),
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
    means              text NOT NULL CHECK (means IN ('terms', 'free')),
    payment_method_id  bigint,
    paid_on            date NOT NULL,
    paid_by            text NOT NULL,
    paid_at            timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, order_id),
    CHECK ((means = 'terms') = (payment_method_id IS NOT NULL))
);
COMMENT ON TABLE service_order_payment IS 'fact: an order was put on the payment term of its payer, or costs nothing; in that moment its services began';

CREATE TABLE service_order_service (
    account_id  text COLLATE "C" NOT NULL,
    order_id    bigint NOT NULL,
    line_no     integer NOT NULL,
    service_id  bigint NOT NULL,
    PRIMARY KEY (account_id, order_id, service_id)
);
COMMENT ON TABLE service_order_service IS 'fact: which services a paid order made, the plan of a line and its options';
