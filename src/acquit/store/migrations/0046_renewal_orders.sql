-- Orders that renew services ahead: made of services, not of a cart.

ALTER TABLE service_order ALTER COLUMN cart_id DROP NOT NULL;
COMMENT ON TABLE service_order IS 'fact: an account ordered what was in a cart, or (without one) that services be renewed ahead, at these prices; unpaid it lapses on expires_on';

ALTER TABLE service_order_line ALTER COLUMN cart_line_id DROP NOT NULL;
ALTER TABLE service_order_line
    ADD COLUMN service_id bigint,
    ADD COLUMN from_on date,
    ADD COLUMN periods integer CHECK (periods > 0);
ALTER TABLE service_order_line
    ADD CONSTRAINT service_order_line_renewal CHECK ((cart_line_id IS NULL) = (service_id IS NOT NULL)
               AND (service_id IS NULL) = (from_on IS NULL) AND (service_id IS NULL) = (periods IS NULL));
COMMENT ON TABLE service_order_line IS 'fact: one plan with its options that an order asks for, which becomes a service when it is paid; or a service that is renewed from from_on for so many periods';

ALTER TABLE service_order_detail DROP CONSTRAINT service_order_detail_kind_check;
ALTER TABLE service_order_detail ADD CONSTRAINT service_order_detail_kind_check CHECK (kind IN ('installation', 'period', 'renewal'));

ALTER TABLE service_order_service
    ADD COLUMN from_on date,
    ADD COLUMN until_on date;
ALTER TABLE service_order_service
    ADD CONSTRAINT service_order_service_renewed CHECK ((from_on IS NULL) = (until_on IS NULL) AND from_on <= until_on);
COMMENT ON TABLE service_order_service IS 'fact: which services a paid order made, the plan of a line and its options; or which it renewed, from from_on until before until_on';
