-- What had been let off of what comes back goes with it, with the other sign.

ALTER TABLE credited_charge DROP CONSTRAINT credited_charge_amount_minor_check;
ALTER TABLE credited_charge ADD CONSTRAINT credited_charge_amount_minor_check CHECK (amount_minor <> 0);
COMMENT ON TABLE credited_charge IS 'fact: so much, net, of a charge below zero was taken back by a credit note on a bill that it comes from, and below 0 what had been let off of it; the charge stands on no bill then';
