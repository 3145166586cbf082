-- What a deposit became is found without reading the credit of its account; the months of the books begin without reading them.

CREATE INDEX credit_movement_deposit ON credit_movement (account_id, deposit_id) WHERE deposit_id IS NOT NULL;
CREATE INDEX entry_first ON entry (booked_on) WHERE entry_no = 1;
