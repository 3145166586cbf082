-- The colour of a seller's papers, as in #0b4f8a; empty: the program's own.

ALTER TABLE legal_entity ADD COLUMN brand_colour text NOT NULL DEFAULT '' CHECK (brand_colour ~ '^(#[0-9a-f]{6})?$');
