-- Reverse bills may be asked to be paid on the day on which they fall due, without a person.

ALTER TABLE legal_entity ADD COLUMN pays_reverse_bills boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN legal_entity.pays_reverse_bills IS 'whether reverse bills are asked to be paid on the day on which they fall due, or by hand';
