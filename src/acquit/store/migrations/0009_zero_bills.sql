-- A bill of zero opens a debt of nothing, which is paid from the start.

ALTER TABLE debt DROP CONSTRAINT debt_amount_minor_check;
ALTER TABLE debt ADD CONSTRAINT debt_amount_minor_check CHECK (amount_minor >= 0);
