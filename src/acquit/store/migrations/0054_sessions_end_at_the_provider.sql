-- A session that an identity provider opened ends when the provider says that its own does.

ALTER TABLE saml_request ADD COLUMN session_ends_at timestamptz;
COMMENT ON TABLE saml_request IS 'browsers that were sent to the identity provider of an account; code_hash, login, told_groups and session_ends_at (where it said one) once its answer came, which counts in the browser that was sent and there once. A trial opens nothing';
